import type { Interceptor } from "@connectrpc/connect";
import { signal } from "@preact/signals";

const key = "unblock-token";

/** What the server was started with as --token; empty until it asks for one. */
export const token = signal(sessionStorage.getItem(key) ?? "");

/** Kept as long as the tab is open, and no longer. */
export function keepToken(entered: string): void {
  token.value = entered;
  sessionStorage.setItem(key, entered);
}

export const sendToken: Interceptor = (next) => (request) => {
  if (token.value !== "") {
    request.header.set("authorization", `Bearer ${token.value}`);
  }
  return next(request);
};
