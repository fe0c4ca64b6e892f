import type { Logger } from "pino";
import type { CallObserver } from "../adapter/observer.ts";
import type { Metrics } from "./metrics.ts";
import { logCalls } from "./request-log.ts";

export interface RequestObserver extends CallObserver {
  /** A request was for no RPC of this server. @param path cut to a bounded length */
  unknownRpc(path: string): void;
}

/** Counts, times and logs every request that asks for an RPC. */
export function observeRequests(
  { observer, unknownRpc }: Pick<Metrics, "observer" | "unknownRpc">,
  logger: Logger,
): RequestObserver {
  const log = logCalls(logger);
  return {
    began: observer.began,
    ended: (call, error) => {
      observer.ended(call, error);
      log.ended(call, error);
    },
    unknownRpc: (path) => {
      unknownRpc();
      log.unknownRpc(path);
    },
  };
}
