import { Lab } from "../server/lab/lab.ts";

/** For a handler that a test makes itself, of which nobody asks for a race. */
export function idleLab(): Lab {
  return new Lab({
    baseUrl: () => {
      throw new Error("Expected nobody to ask for a run");
    },
    seats: () => ({}),
    runsFolder: ".unblock/runs",
    log: () => {},
  });
}
