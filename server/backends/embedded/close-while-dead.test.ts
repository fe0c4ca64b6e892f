import { setTimeout } from "node:timers/promises";
import { describe, test } from "vitest";
import { openEmbeddedBackends } from "./embedded.ts";

describe("the embedded backends", () => {
  test.each([0, 5, 10, 20, 50])(
    "close also when they died %i ms before, and were to be started again",
    async (ms) => {
      const backends = await openEmbeddedBackends({ imageHosts: {}, log: () => {} });
      const { counts } = await backends.counts();
      const [, { pid } = { pid: 0 }] = counts;
      process.kill(pid, "SIGKILL");
      await setTimeout(ms);
      await backends.close();
    },
  );
});
