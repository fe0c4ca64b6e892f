import {
  Code,
  ConnectError,
  type Interceptor,
  type StreamRequest,
  type StreamResponse,
  type UnaryRequest,
  type UnaryResponse,
} from "@connectrpc/connect";
import { noteFailure } from "../adapter/observer.ts";
import { noteTrace } from "../observability/request-log.ts";

type Request = UnaryRequest | StreamRequest;
type Response = UnaryResponse | StreamResponse;

/** Gives every call that reaches the interceptors one of two outcomes, a response or a ConnectError. */
export function concludeCalls(
  toConnectError: (request: Request, error: unknown) => ConnectError,
): Interceptor {
  return (next) => async (request) => {
    noteTrace(request.contextValues);
    const toOutcome = (error: unknown) => {
      const outcome = toConnectError(request, error);
      noteFailure(request.contextValues, outcome);
      return outcome;
    };
    let response: Response;
    try {
      response = await next(request);
    } catch (error) {
      throw toOutcome(error);
    }
    return response.stream
      ? { ...response, message: concluded(response.message, toOutcome) }
      : response;
  };
}

async function* concluded<Message>(
  messages: AsyncIterable<Message>,
  toOutcome: (error: unknown) => ConnectError,
): AsyncIterable<Message> {
  let isOver = false;
  try {
    yield* messages;
    isOver = true;
  } catch (error) {
    isOver = true;
    throw toOutcome(error);
  } finally {
    if (!isOver) {
      toOutcome(new ConnectError("nobody reads on", Code.Canceled));
    }
  }
}
