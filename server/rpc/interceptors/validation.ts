import type { DescMessage, DescMethod, MessageShape } from "@bufbuild/protobuf";
import type { Interceptor } from "@connectrpc/connect";
import { type FieldViolation, InvalidRequest } from "../../errors.ts";

/** What is wrong with a request; empty when nothing is. */
export type Check = (request: MessageShape<DescMessage>) => readonly FieldViolation[];

/** Lets only requests through that are as they should be, of a unary call and of a stream. */
export function validateRequests(checks: ReadonlyMap<DescMethod, Check>): Interceptor {
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
