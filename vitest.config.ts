import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// Tests start the same programs and threads hundreds of times; compiled once is enough.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(
  new URL("node_modules/.cache/node", import.meta.url),
);

export default defineConfig({
  test: {
    include: ["**/*.test.ts"],
    pool: "forks",
    // Two servers at once on two cores would measure and starve each other.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
