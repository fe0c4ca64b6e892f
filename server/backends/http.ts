import { channel } from "node:diagnostics_channel";
import { backendUnavailable, Failure } from "../errors.ts";
import { type TraceHeaders, traceHeaders } from "../opentelemetry.ts";

/** A service that does not answer within this time counts as gone, in milliseconds. */
const timeoutMs = 10_000;
/** JSON answers are small; a service that sends more is not the one we know. */
const maxJsonBytes = 64 * 1024;

export interface HttpRequest {
  /** The backend's name, for people. */
  readonly backend: string;
  readonly url: string;
  /** Sent as JSON by POST; without it the request is a GET. */
  readonly body?: unknown;
  /** The trace that it belongs to, when another thread sends it than makes it. */
  readonly trace?: TraceHeaders | undefined;
}

/** Where the instrumentations of fetch put their headers into a request. */
const requestCreated = channel("undici:request:create");

/** Calls an HTTP service and reads its JSON. */
export async function callHttp(
  { backend, url, body, trace }: HttpRequest,
  signal: AbortSignal,
): Promise<unknown> {
  const init: Omit<BackendRequest, "signal"> =
    body === undefined
      ? {}
      : {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        };
  const response = await fetchBackend(backend, url, { ...init, signal, trace });
  if (!response.ok) {
    await response.body?.cancel();
    throw backendUnavailable(backend, `HTTP status ${response.status}`);
  }
  const bytes = await readAtMost(backend, response, maxJsonBytes, () =>
    backendUnavailable(backend, `its answer is over ${maxJsonBytes} bytes`),
  );
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw backendUnavailable(backend, error);
  }
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
