import type { DescMessage, DescMethod, MessageShape } from "@bufbuild/protobuf";
import type { Interceptor, StreamRequest, UnaryRequest } from "@connectrpc/connect";
import { Failure, type FieldViolation, InvalidRequest } from "@unblock/errors/failure";
import { quote } from "@unblock/errors/quote";
import type { Logger } from "pino";
import { concludeCalls } from "./errors.ts";
import type { CallLimit } from "./overload.ts";

/** A condition that a call must meet before it is served. Throws a Failure to reject the call. */
export type Guard = (request: UnaryRequest | StreamRequest) => void;

/** Returns the violations of a request message; empty for a valid one. */
export type Check = (request: MessageShape<DescMessage>) => readonly FieldViolation[];

export interface Chain {
  readonly logger: Logger;
  /** Who may call the service. Default: everybody. */
  readonly guard?: Guard;
  /** Rejects what pages of other sites may not do. */
  readonly crossSite: Guard;
  readonly limit: CallLimit;
  /** Validation of request messages, by RPC. */
  readonly checks: ReadonlyMap<DescMethod, Check>;
}

/** Returns the interceptors of a service, the outermost first. */
export function createInterceptors(chain: Chain): Interceptor[] {
  const { logger, guard, crossSite, limit, checks } = chain;
  const admitCalls: Interceptor = (next) => {
    const admitted = limit.interceptor(validateRequests(checks)(next));
    return (request) => {
      guard?.(request);
      crossSite(request);
      return admitted(request);
    };
  };
  return [concludeCalls(logger), admitCalls];
}

/**
 * Rejects GET calls that a page of another site has a browser make. An image or a link needs no permission of
 * the server; other methods have a CORS preflight.
 *
 * @param isAllowed whether pages of an origin may call
 * @see https://www.w3.org/TR/fetch-metadata/
 */
export function rejectCrossSiteGets(isAllowed: (origin: string) => boolean): Guard {
  return ({ requestMethod, header }) => {
    if (requestMethod === "GET" && header.get("sec-fetch-site")?.toLowerCase() === "cross-site") {
      const origin = header.get("origin");
      if (origin === null || !isAllowed(origin)) {
        const got = origin === null ? "one of another site" : quote(origin);
        throw new Failure("UNBLOCK_CROSS_SITE", { got });
      }
    }
  };
}

/** Rejects invalid request messages, of unary calls and of streams. */
function validateRequests(checks: ReadonlyMap<DescMethod, Check>): Interceptor {
  return (next) => (request) => {
    const check = checks.get(request.method);
    if (check === undefined) {
      return next(request);
    }
    if (request.stream) {
      return next({ ...request, message: validated(request.message, check) });
    }
    assertValid(check(request.message));
    return next(request);
  };
}

async function* validated<Message extends MessageShape<DescMessage>>(
  messages: AsyncIterable<Message>,
  check: Check,
): AsyncIterable<Message> {
  for await (const message of messages) {
    assertValid(check(message));
    yield message;
  }
}

function assertValid(violations: readonly FieldViolation[]): void {
  if (violations.length > 0) {
    throw new InvalidRequest(violations);
  }
}
