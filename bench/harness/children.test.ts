import { expect, test } from "vitest";
import { runChild } from "./children.ts";
import { tellPeakMemory } from "./load-client.ts";

const node = process.execPath;

test("tells all that a program said, and its exit code", async () => {
  const script =
    'process.stdout.write("x".repeat(1e6)); process.stderr.write(" why\\n"); process.exitCode = 3';
  const ended = await runChild([node, "-e", script], 20_000);
  expect(ended).toMatchObject({ code: 3, stderr: "why", extra: "" });
  expect(ended.stdout).toHaveLength(1_000_000);
});

test("ends one that takes too long, with what it said", async () => {
  const script = 'console.error("going on"); setInterval(() => {}, 1000)';
  await expect(runChild([node, "-e", script], 1_000)).rejects.toThrow(
    /was not done after 1 s\. It said:/,
  );
});

test("says when a signal ended it, and when there is no such program", async () => {
  await expect(runChild([node, "-e", "process.abort()"], 20_000)).rejects.toThrow(
    "was ended by SIGABRT",
  );
  await expect(runChild(["no-such-program"], 20_000)).rejects.toThrow("ENOENT");
});

test("a program tells its peak memory, threads or not", async () => {
  const keep = (megabytes: number) =>
    `new (require("node:worker_threads").Worker)("", { eval: true }); Buffer.alloc(${megabytes}e6, 1)`;
  const peakBytes = async (megabytes: number) =>
    Number((await runChild([node, ...tellPeakMemory, "-e", keep(megabytes)], 20_000)).extra);
  const [little, much] = [await peakBytes(1), await peakBytes(101)];
  expect(little).toBeGreaterThan(10e6);
  expect(much - little).toBeGreaterThan(60e6);
  expect(much - little).toBeLessThan(140e6);
});

test("nothing that it started stays when the bench ends, however it ends", async () => {
  const script = `
    import { startChild } from "./bench/harness/children.ts";
    const forEver = [process.execPath, "-e", "setInterval(() => {}, 1000)"];
    const child = startChild(forEver, { stdio: ["ignore", "inherit", "ignore"] });
    child.once("spawn", () => { throw new Error("broken"); });`;
  // It has not ended before its output is closed, and the child holds that open while it lives.
  const { code, stderr } = await runChild([node, "--input-type=module", "-e", script], 20_000);
  expect(code).toBe(1);
  expect(stderr).toContain("Error: broken");
});
