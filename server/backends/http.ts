import { channel } from "node:diagnostics_channel";
import { backendUnavailable, Failure } from "../errors.ts";
import { type TraceHeaders, traceHeaders } from "../opentelemetry.ts";

/** A service that does not answer within this time counts as gone, in milliseconds. */
const timeoutMs = 10_000;
/** Answers are small; a service that sends more is not the one we know. */
const maxAnswerBytes = 64 * 1024;

export interface HttpRequest {
  /** The backend's name, for people. */
  readonly backend: string;
  readonly url: string;
  /** The trace that it belongs to, when another thread sends it than makes it. */
  readonly trace?: TraceHeaders | undefined;
}

/** Where the instrumentations of fetch put their headers into a request. */
const requestCreated = channel("undici:request:create");

/** Asks an HTTP service by GET, and reads its JSON. */
export async function callHttp(
  { backend, url, trace }: HttpRequest,
  signal: AbortSignal,
): Promise<unknown> {
  const bytes = await answerOf(backend, url, { signal, trace });
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw backendUnavailable(backend, error);
  }
}

/** Posts JSON to an HTTP service. A status of 200 to 299 says that it has it; what else it answers is not asked. */
export async function postJson(
  { backend, url, trace }: HttpRequest,
  body: unknown,
  signal: AbortSignal,
): Promise<void> {
  const headers = { "content-type": "application/json" };
  const init = { method: "POST", headers, body: JSON.stringify(body) };
  // Read to its end, so that the connection can be used again.
  await answerOf(backend, url, { ...init, signal, trace });
}

async function answerOf(
  backend: string,
  url: string,
  request: BackendRequest,
): Promise<Uint8Array> {
  const response = await fetchBackend(backend, url, request);
  if (!response.ok) {
    await response.body?.cancel();
    throw backendUnavailable(backend, `HTTP status ${response.status}`);
  }
  return readAtMost(backend, response, maxAnswerBytes, () =>
    backendUnavailable(backend, `its answer is over ${maxAnswerBytes} bytes`),
  );
}

interface BackendRequest extends RequestInit {
  readonly headers?: Record<string, string>;
  readonly signal: AbortSignal;
  /** Default: the active span's. */
  readonly trace?: TraceHeaders | undefined;
}

/**
 * fetch, with a time-out, and with a dead backend told apart from a caller that gave up (whose
 * signal's reason is thrown as it is).
 */
export async function fetchBackend(
  backend: string,
  url: string,
  { signal, headers, trace = traceHeaders(), ...init }: BackendRequest,
): Promise<Response> {
  try {
    return await fetch(url, {
      ...init,
      // An instrumentation of fetch adds its own, and a second traceparent would make both void.
      headers: { ...headers, ...(requestCreated.hasSubscribers ? {} : trace) },
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
  } catch (error) {
    signal.throwIfAborted();
    throw backendUnavailable(backend, error);
  }
}

/** Reads a body and throws `tooLarge()` as soon as it is over `maxBytes`. */
export async function readAtMost(
  backend: string,
  response: Response,
  maxBytes: number,
  tooLarge: () => Failure,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of response.body ?? []) {
      length += chunk.length;
      if (length > maxBytes) {
        throw tooLarge();
      }
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof Failure ? error : backendUnavailable(backend, error);
  }
  return Buffer.concat(chunks, length);
}
