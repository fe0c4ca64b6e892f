import { createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { signal } from "@preact/signals";
import { LabService } from "@unblock/proto/gen/lab";
import { ProgressService } from "@unblock/proto/gen/progress";
import { VitalsService } from "@unblock/proto/gen/vitals";
import { useEffect, useState } from "preact/hooks";
import { type Trouble, troubleOf } from "./trouble.ts";

const tokenKey = "unblock-token";
const minPauseMs = 250;
const maxPauseMs = 4_000;
const pingTimeoutMs = 3_000;

/** Keeps the server's `--token` until this tab is closed. */
export function keepToken(token: string): void {
  sessionStorage.setItem(tokenKey, token);
}

export function hasToken(): boolean {
  return sessionStorage.getItem(tokenKey) !== null;
}

const sendToken: Interceptor = (next) => (request) => {
  const token = sessionStorage.getItem(tokenKey);
  if (token !== null) {
    request.header.set("authorization", `Bearer ${token}`);
  }
  return next(request);
};

const transport = createConnectTransport({
  baseUrl: location.origin,
  useBinaryFormat: true,
  // For unary calls; streams set their own.
  defaultTimeoutMs: 15_000,
  interceptors: [sendToken],
});

export const labClient = createClient(LabService, transport);
export const progressClient = createClient(ProgressService, transport);
export const vitalsClient = createClient(VitalsService, transport);

/** Whether the server does not respond. The page polls the server only while it is away. */
export const away = signal(false);

let endPause = () => {};

/** Polls an absent server now, without the pause before the next poll. */
export const pollNow = () => endPause();

/** Returns {@link troubleOf} the error, and starts polling when the server is away. */
export function noticeTrouble(error: unknown, doing: string): Trouble | undefined {
  const trouble = troubleOf(error, doing);
  if (trouble?.kind === "away" && !away.value) {
    away.value = true;
    void waitForReturn();
  }
  return trouble;
}

async function waitForReturn(): Promise<void> {
  for (let pauseMs = minPauseMs; away.value; pauseMs = Math.min(2 * pauseMs, maxPauseMs)) {
    await new Promise<void>((resolve) => {
      endPause = resolve;
      setTimeout(resolve, pauseMs);
    });
    try {
      await vitalsClient.ping({}, { timeoutMs: pingTimeoutMs });
      away.value = false;
    } catch {
      // Still away; the next poll follows.
    }
  }
}

/**
 * Calls the server when the component is first shown, when `key` changes, and when a server that was away
 * is back.
 *
 * @param doing see {@link troubleOf}
 */
export function useFetched<Value>(
  call: (options: { readonly signal: AbortSignal }) => Promise<Value>,
  doing: string,
  key = "",
) {
  const [value, setValue] = useState<Value>();
  const [trouble, setTrouble] = useState<Trouble>();
  const [attempt, setAttempt] = useState(0);
  const isAway = away.value;
  // `call` is a new closure on every render, so it is no dependency.
  useEffect(() => {
    if (isAway) {
      return;
    }
    const controller = new AbortController();
    call({ signal: controller.signal }).then(
      (response) => {
        setValue(response);
        setTrouble(undefined);
      },
      (error) => {
        if (!controller.signal.aborted) {
          setTrouble(noticeTrouble(error, doing));
        }
      },
    );
    return () => controller.abort();
  }, [key, isAway, attempt]);
  return { value, trouble, fetchAgain: () => setAttempt((count) => count + 1) };
}
