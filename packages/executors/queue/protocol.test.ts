import { describe, expect, test } from "vitest";
import { task } from "../executor.ts";
import { bytesOf, isOutcome, jobTaskName, priorityOf, toJobInput } from "./protocol.ts";

describe("a job", () => {
  test("is named by its task's folder and function", () => {
    const infer = task("file:///any/where/predict-image/work.ts", function infer() {});
    expect(jobTaskName(infer)).toBe("predict-image/infer");
  });

  test("carries bytes through JSON", () => {
    const png = Buffer.from([0, 1, 254, 255]);
    const input = JSON.parse(JSON.stringify(toJobInput({ png, crops: 3 })));
    expect(input.crops).toBe(3);
    expect(Buffer.from(bytesOf(input.png) ?? [])).toEqual(png);
  });

  test.each([undefined, null, "text", {}, { base64: 1 }])("has no bytes in %j", (value) => {
    expect(bytesOf(value)).toBeUndefined();
  });

  test("gets the same priority for costs within a factor of two", () => {
    const costs = [0, 0.01, 1, 60, 64, 100, 120, 10_000];
    expect(costs.map(priorityOf)).toEqual([1, 1, 1, 7, 7, 8, 8, 15]);
  });

  test.each([undefined, null, "ok", {}, { value: 1 }, { ranOn: {} }])(
    "has no outcome in %j",
    (value) => {
      expect(isOutcome(value)).toBe(false);
    },
  );
});
