import type { DescMethod } from "@bufbuild/protobuf";
import type { Interceptor } from "@connectrpc/connect";
import type { Logger } from "pino";
import { endStreamsInTime } from "./deadline.ts";
import { mapErrors } from "./errors.ts";
import { concludeCalls } from "./outcome.ts";
import type { CallLimit } from "./overload.ts";
import { type Check, validateRequests } from "./validation.ts";

export interface Chain {
  readonly logger: Logger;
  /** Who may call at all; default: everybody. A service that has one is registered with a chain of its own. */
  readonly guard?: Interceptor;
  /** Rejects what pages of other sites may not do. */
  readonly crossSite: Interceptor;
  readonly limit: CallLimit;
  /** What a request must be, by RPC. */
  readonly checks: ReadonlyMap<DescMethod, Check>;
}

/** What a call goes through, the outermost first. */
export function createInterceptors({
  logger,
  guard,
  crossSite,
  limit,
  checks,
}: Chain): Interceptor[] {
  return [
    concludeCalls(mapErrors(logger)),
    endStreamsInTime,
    ...(guard === undefined ? [] : [guard]),
    crossSite,
    limit.interceptor,
    validateRequests(checks),
  ];
}
