import { callHttp } from "@unblock/backends/http";
import { backendUnavailable } from "@unblock/errors/failure";
import type { LocalContext } from "@unblock/executors/executor";

/**
 * Calls all services at once and returns their responses in order; one failure cancels the others.
 */
export async function fetchParallel(
  urls: readonly string[],
  { signal }: LocalContext,
): Promise<string[]> {
  // Promise.all rejects at the first failure but leaves the others running.
  const siblings = new AbortController();
  const either = AbortSignal.any([signal, siblings.signal]);
  try {
    return await Promise.all(urls.map((url, index) => fetchService(index + 1, url, either)));
  } catch (error) {
    siblings.abort(error);
    throw error;
  }
}

/** The same, one service after another. */
export async function fetchSequential(
  urls: readonly string[],
  { signal }: LocalContext,
): Promise<string[]> {
  const responses: string[] = [];
  for (const [index, url] of urls.entries()) {
    responses.push(await fetchService(index + 1, url, signal));
  }
  return responses;
}

async function fetchService(number: number, url: string, signal: AbortSignal): Promise<string> {
  const backend = `service-${number}`;
  const body = await callHttp({ backend, url }, signal);
  const { data }: { readonly data?: unknown } = Object(body);
  if (data === undefined) {
    throw backendUnavailable(backend, "its response has no data");
  }
  return String(data);
}
