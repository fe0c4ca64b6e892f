import type { Interceptor } from "@connectrpc/connect";

const key = "unblock-token";

/** What the server was started with as --token, kept as long as the tab is open, and no longer. */
export function keepToken(entered: string): void {
  sessionStorage.setItem(key, entered);
}

export function hasToken(): boolean {
  return sessionStorage.getItem(key) !== null;
}

export const sendToken: Interceptor = (next) => (request) => {
  const token = sessionStorage.getItem(key);
  if (token !== null) {
    request.header.set("authorization", `Bearer ${token}`);
  }
  return next(request);
};
