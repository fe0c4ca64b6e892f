import { runCommand } from "@unblock/test/cli";
import { expect, test } from "vitest";
import { loadBench } from "../load/command.ts";
import { pageBench } from "../page.ts";
import { rpcBench } from "../rpc/command.ts";
import { soakBench } from "../soak/command.ts";
import { parsePartNames } from "./command.ts";

const benches = [loadBench, rpcBench, pageBench, soakBench];
const names = ["throughput", "burst", "memory"];

test("parses parts separated by commas", () => {
  expect(parsePartNames("throughput, memory", names)).toEqual(["throughput", "memory"]);
  expect(parsePartNames(names.join(","), names)).toEqual(names);
});

test("rejects an unknown part and an empty list, naming the known parts", () => {
  const expected = /Expected parts of throughput, burst, memory, got "(speed)?"/;
  expect(() => parsePartNames("burst,speed", names)).toThrow(expected);
  expect(() => parsePartNames("", names)).toThrow(expected);
});

test.each(benches)("the bench $name rejects an unknown part with exit code 1", async ({ name }) => {
  const { code, stdout, stderr } = await runCommand(process.execPath, [
    ...["bench/main.ts", name, "--only", "speed"],
  ]);
  expect(stderr).toContain('got "speed"');
  expect([code, stdout]).toEqual([1, ""]);
});

test.each(benches)("the help of $name lists every part", async ({ name, parts }) => {
  const { code, stdout } = await runCommand(process.execPath, ["bench/main.ts", name, "--help"]);
  expect(code).toBe(0);
  for (const part of Object.keys(parts)) {
    expect(stdout).toMatch(new RegExp(`^  ${part} +\\S`, "m"));
  }
});
