import { expect, test } from "vitest";
import { reportPeakMemory } from "./clients.ts";
import { createPinning, runChild } from "./processes.ts";

const node = process.execPath;

test("returns a program's output and exit code", async () => {
  const script =
    'process.stdout.write("x".repeat(1e6)); process.stderr.write(" why\\n"); process.exitCode = 3';
  const ended = await runChild([node, "-e", script], 20_000);
  expect(ended).toMatchObject({ code: 3, stderr: "why", extra: "" });
  expect(ended.stdout).toHaveLength(1_000_000);
});

test("kills a program at its time-out and reports its standard error", async () => {
  const script = 'console.error("going on"); setInterval(() => {}, 1000)';
  await expect(runChild([node, "-e", script], 1_000)).rejects.toThrow(
    /was not done after 1 s\. Its standard error:\ngoing on/,
  );
});

test("reports the signal that ended a program, and a missing program", async () => {
  await expect(runChild([node, "-e", "process.abort()"], 20_000)).rejects.toThrow(
    "was ended by SIGABRT",
  );
  await expect(runChild(["no-such-program"], 20_000)).rejects.toThrow("ENOENT");
});

test("a program reports its peak memory, with threads as well", async () => {
  const keep = (megabytes: number) =>
    `new (require("node:worker_threads").Worker)("", { eval: true }); Buffer.alloc(${megabytes}e6, 1)`;
  const peakBytes = async (megabytes: number) =>
    Number((await runChild([node, ...reportPeakMemory, "-e", keep(megabytes)], 20_000)).extra);
  const [little, much] = [await peakBytes(1), await peakBytes(101)];
  expect(little).toBeGreaterThan(10e6);
  expect(much - little).toBeGreaterThan(60e6);
  expect(much - little).toBeLessThan(140e6);
});

test("kills all children when the bench ends with an error", async () => {
  const script = `
    import { startChild } from "./bench/harness/processes.ts";
    const forEver = [process.execPath, "-e", "setInterval(() => {}, 1000)"];
    const child = startChild(forEver, { stdio: ["ignore", "inherit", "ignore"] });
    child.once("spawn", () => { throw new Error("broken"); });`;
  // runChild() waits until the output is closed, which the child holds open while it lives.
  const { code, stderr } = await runChild([node, "--input-type=module", "-e", script], 20_000);
  expect(code).toBe(1);
  expect(stderr).toContain("Error: broken");
});

test("pins server and client to different cores, or says why not", () => {
  const { missing, server, client } = createPinning();
  const command = ["node", "--version"] as const;
  if (missing === undefined) {
    expect(server(command).slice(3)).toEqual(command);
    expect(server(command).slice(0, 2)).toEqual(["taskset", "-c"]);
    expect(server(command)[2]).not.toBe(client(command)[2]);
  } else {
    expect([server(command), client(command)]).toEqual([command, command]);
  }
});
