import { defineConfig } from "vite";
import { exerciseTexts } from "./build/exercise-texts.ts";

/** Builds the page into web/dist, from where the server serves it. */
export default defineConfig({
  plugins: [exerciseTexts()],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "dist",
    target: "es2023",
    // The server's content security policy allows nothing inline, and no data: for styles' images.
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
  },
});
