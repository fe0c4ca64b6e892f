import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { Interceptor, UnaryRequest } from "@connectrpc/connect";
import { Failure } from "../../errors.ts";
import { workGoingOn } from "../../give-up.ts";

/**
 * Lets at most so many calls in at once, and turns the others away before they cost anything. A call
 * counts until its work has ended: also when its caller has gone or its deadline has passed, and a thread
 * still works for it.
 *
 * @param always services that answer however busy the server is
 */
export function limitCalls(maxCalls: number, always: readonly DescService[]): CallLimit {
  let inProgress = 0;
  const rejection = ({ methodKind, parent }: DescMethod) =>
    inProgress < maxCalls || methodKind !== "unary" || always.includes(parent)
      ? undefined
      : new Failure("UNBLOCK_CALLS_FULL", { in_progress: inProgress });
  const admit = async (request: UnaryRequest, next: ReturnType<Interceptor>) => {
    const rejected = rejection(request.method);
    if (rejected !== undefined) {
      throw rejected;
    }
    inProgress++;
    try {
      return await next(request);
    } finally {
      const rest = request.signal.aborted ? workGoingOn(request.signal) : undefined;
      if (rest === undefined) {
        inProgress--;
      } else {
        void rest.then(() => {
          inProgress--;
        });
      }
    }
  };
  return {
    rejection,
    interceptor: (next) => (request) =>
      request.stream || always.includes(request.service) ? next(request) : admit(request, next),
    get inProgress() {
      return inProgress;
    },
  };
}

export interface CallLimit {
  /** Why a call of this RPC would be rejected now, "overloaded"; undefined when there is room for it. */
  rejection(method: DescMethod): Failure | undefined;
  readonly interceptor: Interceptor;
  /** Calls whose work has not ended. */
  readonly inProgress: number;
}
