import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// Tests start the same programs and threads hundreds of times; compiled once is enough.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(
  new URL("node_modules/.cache/node", import.meta.url),
);

/** Tests that wait for faults, limits and whole services: `npm run test:slow`. */
const slow = [
  "{learn,packages/diagnose}/**/*.test.ts",
  "server/faults/**/*.test.ts",
  "server/lab/{endings,disturbed-race}.test.ts",
  "server/{signals,replicas,tls-reload}.test.ts",
  "packages/connect/timeouts.test.ts",
  "packages/executors/broken-starts.test.ts",
  "docs/{commands,fundamentals,scaling}/**/*.test.ts",
  "loadtest/{loadtest,faults,unfinished}.test.ts",
  "server/main.test.ts",
  "lab/{lab,hog}.test.ts",
  "test/ninth-exercise/**/*.test.ts",
  "server/lab/{lab,load}.test.ts",
  "packages/release/**/*.test.ts",
];

/** Tests that replace modules, or share one with hooks: what is imported once would be for one file only. */
const alone = ["packages/http2/**/*.test.ts"];

/** Tests with external backends, which they start themselves: `npm run test:backends`. */
const backends = ["**/*.backends.test.ts"];

/** Attacks on a server of their own, reported one per line: `npm run test:attack`. */
const attacks = ["**/*.attack.test.ts"];

/** Tests of the page in a real browser: `npm run test:page`. */
const page = ["web/**/*.page.test.ts"];

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "fast",
          include: ["**/*.test.ts"],
          exclude: ["node_modules", ...alone, ...slow, ...backends, ...attacks, ...page],
          // Most files are small, and would take as long to load as to run.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: "fast-alone",
          include: alone,
          exclude: ["node_modules", ...attacks],
          // Modules are replaced only where Vite runs them.
          experimental: { viteModuleRunner: true },
        },
      },
      {
        extends: true,
        test: { name: "slow", include: slow, exclude: ["node_modules", ...attacks] },
      },
      {
        extends: true,
        test: {
          name: "backends",
          include: backends,
          exclude: ["node_modules"],
        },
      },
      {
        extends: true,
        test: {
          name: "attack",
          include: attacks,
          exclude: ["node_modules"],
          globalSetup: "test/attack-report.ts",
          // One attack's probe would wait for another.
          fileParallelism: false,
          testTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: "page",
          include: page,
          // A browser and a server that is measured leave no room for more of them.
          fileParallelism: false,
          testTimeout: 60_000,
          expect: { poll: { timeout: 20_000 } },
        },
      },
    ],
    pool: "forks",
    // Node runs TypeScript itself, with the cache above.
    experimental: { viteModuleRunner: false },
    // Two servers at once on two cores would measure and starve each other.
    maxWorkers: 2,
    // Far more than any takes, so that a busy machine fails none: nothing is repeated.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
