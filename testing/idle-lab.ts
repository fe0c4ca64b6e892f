import { Lab } from "../server/lab/lab.ts";
import type { HandlerConfig } from "../server/rpc/handler.ts";

/** For a handler that a test makes itself, of which nobody asks for a race. */
export function idleLab(): HandlerConfig["lab"] {
  const runs = new Lab({
    baseUrl: () => {
      throw new Error("Expected nobody to ask for a run");
    },
    seats: () => ({}),
    runsFolder: ".unblock/runs",
    log: () => {},
  });
  const guard = {
    host: "127.0.0.1",
    port: () => 0,
    token: undefined,
    replicas: 1,
    needsCertificate: false,
  };
  return { runs, guard };
}
