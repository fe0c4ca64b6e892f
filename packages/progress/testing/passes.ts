import type { Pass } from "../progress.ts";

/** A pass for tests without a progress file, where signatures are not verified. */
export function unsignedPass(letter: string): Pass {
  return {
    statement: {
      exercise: letter,
      checkedAt: "2026-11-29T12:00:00.000Z",
      result: {},
      source: "",
      machine: { cores: 2, node: "v26.10.0", platform: "linux x64" },
    },
    signature: "",
  };
}
