import { ConnectError, type Interceptor } from "@connectrpc/connect";
import { withSendableMessage } from "./sendable-fields.ts";

/** Gives the errors of calls messages that Connect's handlers can put into a trailer. */
export const sendableErrors: Interceptor = (next) => async (request) => {
  try {
    const response = await next(request);
    return response.stream
      ? { ...response, message: withSendableError(response.message) }
      : response;
  } catch (error) {
    throw sendable(error);
  }
};

async function* withSendableError<Message>(
  messages: AsyncIterable<Message>,
): AsyncIterable<Message> {
  try {
    yield* messages;
  } catch (error) {
    throw sendable(error);
  }
}

/** What is no ConnectError says nothing to the caller. */
function sendable(error: unknown): unknown {
  return error instanceof ConnectError ? withSendableMessage(error) : error;
}
