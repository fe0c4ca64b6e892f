import { expect, test } from "vitest";
import { runCommand } from "../../testing/cli.ts";
import { partNames } from "./bench.ts";
import { parsePartNames } from "./command.ts";

test("parts are named with commas between them", () => {
  expect(parsePartNames("throughput, memory")).toEqual(["throughput", "memory"]);
  expect(parsePartNames(partNames.join(","))).toEqual(partNames);
});

test("a part that there is not, or nothing, is refused with those that there are", () => {
  const expected = /Expected parts of throughput, burst, stalled, steady, memory, got "(speed)?"/;
  expect(() => parsePartNames("burst,speed")).toThrow(expected);
  expect(() => parsePartNames("")).toThrow(expected);
});

test("the command says so and exits with 1", async () => {
  const { code, stdout, stderr } = await runCommand(process.execPath, [
    ...["bench/main.ts", "load", "--only", "speed"],
  ]);
  expect(stderr).toContain('got "speed"');
  expect([code, stdout]).toEqual([1, ""]);
});

test("its help names every part", async () => {
  const { code, stdout } = await runCommand(process.execPath, ["bench/main.ts", "load", "--help"]);
  expect(code).toBe(0);
  for (const part of partNames) {
    expect(stdout).toMatch(new RegExp(`^  ${part} +\\S`, "m"));
  }
});
