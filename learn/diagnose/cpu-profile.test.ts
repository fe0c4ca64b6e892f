import { startCpuProfile } from "node:v8";
import { expect, test } from "vitest";
import { CpuProfile } from "./cpu-profile.ts";

const text = 'say "x" 123 '.repeat(20_000);

test("a profile is read also when a regular expression with quotes and backslashes ran", () => {
  const handle = startCpuProfile({ sampleInterval: 1 });
  const names = (): string[] => {
    const copy = startCpuProfile({ sampleInterval: 1 });
    for (let round = 0; round < 50; round++) {
      text.replaceAll(/"\w\\?"|\s(\d+)/g, "");
    }
    const profile = new CpuProfile(copy.stop(), 0);
    return profile.samples.flatMap(({ node }) => profile.stackOf(node).map(({ name }) => name));
  };
  try {
    // It is seen when a sample hits it.
    expect(Array.from({ length: 20 }, names).flat()).toContain("RegExp");
  } finally {
    handle.stop();
  }
});
