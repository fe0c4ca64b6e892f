import {
  Code,
  ConnectError,
  type Interceptor,
  type StreamRequest,
  type StreamResponse,
  type UnaryRequest,
  type UnaryResponse,
} from "@connectrpc/connect";

type Request = UnaryRequest | StreamRequest;
type Response = UnaryResponse | StreamResponse;

/** Told of all calls; of one that streams its end is the stream's. */
export interface CallObserver {
  began?(): void;
  /** @param error undefined for a call that succeeded */
  ended(request: Request, error: ConnectError | undefined, durationMs: number): void;
}

/**
 * Gives every call one of two outcomes, an answer or a ConnectError, and tells it to observers. In one
 * place, since each further promise on a call's way costs more than what they do.
 */
export function concludeCalls(
  toConnectError: (request: Request, error: unknown) => ConnectError,
  observers: readonly CallObserver[],
): Interceptor {
  return (next) => async (request) => {
    const beganMs = performance.now();
    for (const observer of observers) {
      observer.began?.();
    }
    const end = (error: ConnectError | undefined) => {
      const durationMs = performance.now() - beganMs;
      for (const observer of observers) {
        observer.ended(request, error, durationMs);
      }
    };
    let response: Response;
    try {
      response = await next(request);
    } catch (error) {
      const outcome = toConnectError(request, error);
      end(outcome);
      throw outcome;
    }
    if (response.stream) {
      const toOutcome = (error: unknown) => toConnectError(request, error);
      return { ...response, message: concluded(response.message, toOutcome, end) };
    }
    end(undefined);
    return response;
  };
}

async function* concluded<Message>(
  messages: AsyncIterable<Message>,
  toConnectError: (error: unknown) => ConnectError,
  end: (error: ConnectError | undefined) => void,
): AsyncIterable<Message> {
  let outcome: ConnectError | undefined = new ConnectError("nobody reads on", Code.Canceled);
  try {
    yield* messages;
    outcome = undefined;
  } catch (error) {
    outcome = toConnectError(error);
    throw outcome;
  } finally {
    end(outcome);
  }
}
