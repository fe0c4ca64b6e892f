/** Helper thread of blocking.ts: makes the asynchronous calls that another thread blocks on. */

import { type FailureMessage, toFailureMessage } from "@unblock/errors/failure";
import { runAsWorker } from "synckit";
import { getFromCache, putInCache } from "./cache.ts";
import { callHttp, type HttpRequest } from "./http.ts";
import { downloadImage, type ImageRequest } from "./images.ts";

// A blocked caller can't abort; the calls' own timeouts end them.
const never = new AbortController().signal;

const calls = {
  callHttp: (request: HttpRequest) => callHttp(request, never),
  downloadImage: (request: ImageRequest) => downloadImage(request, never),
  getFromCache,
  putInCache,
};

export type BlockingCalls = typeof calls;
export type Value<Name extends keyof BlockingCalls> = Awaited<ReturnType<BlockingCalls[Name]>>;
export type Outcome<Result> = { readonly value: Result } | { readonly failure: FailureMessage };

runAsWorker(async (name: keyof BlockingCalls, ...args: never[]) => {
  const call: (...args: never[]) => Promise<unknown> = calls[name];
  try {
    return { value: await call(...args) };
  } catch (error) {
    return { failure: toFailureMessage(error) };
  }
});
