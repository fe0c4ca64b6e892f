import { channel } from "node:diagnostics_channel";
import { type TraceHeaders, traceHeaders } from "@unblock/connect/observability/opentelemetry";
import { backendUnavailable, Failure } from "@unblock/errors/failure";

const timeoutMs = 10_000;
const maxResponseBytes = 64 * 1024;

export interface HttpRequest {
  readonly backend: string;
  readonly url: string;
  /** Trace of the request, when another thread sends it. */
  readonly trace?: TraceHeaders | undefined;
}

/** Where instrumentations of fetch add their headers to a request. */
const requestCreated = channel("undici:request:create");

export async function callHttp(
  { backend, url, trace }: HttpRequest,
  signal: AbortSignal,
): Promise<unknown> {
  const bytes = await fetchBytes(backend, url, { signal, trace });
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw backendUnavailable(backend, error);
  }
}

/**
 * Posts JSON. A status of 200 to 299 means that the service has it; the body of the response is
 * ignored.
 */
export async function postJson(
  { backend, url, trace }: HttpRequest,
  body: unknown,
  signal: AbortSignal,
): Promise<void> {
  const headers = { "content-type": "application/json" };
  const init = { method: "POST", headers, body: JSON.stringify(body) };
  // Read to the end, so that the connection can be reused.
  await fetchBytes(backend, url, { ...init, signal, trace });
}

async function fetchBytes(
  backend: string,
  url: string,
  request: BackendRequest,
): Promise<Uint8Array> {
  const response = await fetchBackend(backend, url, request);
  if (!response.ok) {
    await response.body?.cancel();
    throw backendUnavailable(backend, `HTTP status ${response.status}`);
  }
  return readAtMost(backend, response, maxResponseBytes, () => {
    throw new Error(`its response is over ${maxResponseBytes} bytes`);
  });
}

interface BackendRequest extends RequestInit {
  readonly headers?: Record<string, string>;
  readonly signal: AbortSignal;
  /** Default: the active span's. */
  readonly trace?: TraceHeaders | undefined;
}

/**
 * fetch with a timeout. Throws the signal's reason when the caller cancelled, and a Failure when
 * the backend failed.
 */
export async function fetchBackend(
  backend: string,
  url: string,
  { signal, headers, trace = traceHeaders(), ...init }: BackendRequest,
): Promise<Response> {
  try {
    return await fetch(url, {
      ...init,
      // An instrumentation of fetch adds its own, and two traceparent headers invalidate each
      // other.
      headers: { ...headers, ...(requestCreated.hasSubscribers ? {} : trace) },
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
  } catch (error) {
    signal.throwIfAborted();
    throw backendUnavailable(backend, error);
  }
}

/** Reads a body; calls `onTooLarge`, which must throw, as soon as it exceeds `maxBytes`. */
export async function readAtMost(
  backend: string,
  response: Response,
  maxBytes: number,
  onTooLarge: () => never,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of response.body ?? []) {
      length += chunk.length;
      if (length > maxBytes) {
        onTooLarge();
      }
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof Failure ? error : backendUnavailable(backend, error);
  }
  return Buffer.concat(chunks, length);
}
