import { defineConfig } from "vite";
import { exerciseTexts } from "./build/exercise-texts.ts";

/** Builds the page into web/dist, which the server serves. */
export default defineConfig({
  plugins: [exerciseTexts()],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "dist",
    target: "es2023",
    // The server's content security policy allows neither inline assets nor data: URLs in styles.
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
  },
});
