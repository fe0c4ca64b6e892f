import type { Message } from "@bufbuild/protobuf";
import type { Call, CallResult, Driver, LoadMethod, Send } from "../drivers/driver.ts";
import type { RequestSource } from "../requests/requests.ts";
import { compileTemplate, type Template } from "../requests/template.ts";
import type { Recorder } from "./recorder.ts";

export interface SenderOptions {
  readonly driver: Driver;
  readonly method: LoadMethod;
  readonly requests: RequestSource;
  /** Values may be templates. */
  readonly header: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly random: () => number;
}

/** Sends a load's calls, each with the request that is its. */
export interface Sender {
  /**
   * Sends call `n` and records it. `onEnd` is called once, after this has returned.
   *
   * @param intendedMs when it is meant to be sent, on this thread's `performance.now()`
   * @param heldBack whether it is later than that because others had to end first
   */
  send(
    recorder: Recorder,
    n: number,
    intendedMs: number,
    heldBack: boolean,
    onEnd: () => void,
  ): void;
}

export function createSender(options: SenderOptions): Sender {
  const { driver, method, requests, timeoutMs, random } = options;
  const header = Object.entries(options.header).map(([name, value]): [string, Template] => [
    name,
    compileTemplate(value),
  ]);
  const sameHeader = header.every(([, template]) => template.constant);
  const streaming = method.methodKind === "server_streaming";
  // A request that comes again is encoded once.
  const prepared = new WeakMap<Message, Send>();

  const describe = (n: number, request: Message): Call => ({
    method,
    request,
    timeoutMs,
    header: Object.fromEntries(header.map(([name, value]) => [name, value.render(n, random)])),
  });
  const prepareUnary = (n: number): Send => {
    const request = requests.at(n);
    const known = prepared.get(request);
    if (known !== undefined) {
      return known;
    }
    const send = driver.prepare(describe(n, request));
    if (sameHeader) {
      prepared.set(request, send);
    }
    return send;
  };
  const prepareStream = (recorder: Recorder, n: number, sentMs: number): Send => {
    let lastMs: number | undefined;
    const onMessage = () => {
      const nowMs = performance.now();
      if (lastMs === undefined) {
        recorder.firstMessage(nowMs - sentMs);
      } else {
        recorder.messageGap(nowMs - lastMs);
      }
      lastMs = nowMs;
    };
    return driver.prepare({ ...describe(n, requests.at(n)), onMessage });
  };

  return {
    send: (recorder, n, intendedMs, heldBack, onEnd) => {
      const sentMs = performance.now();
      recorder.sent(heldBack ? 0 : sentMs - intendedMs);
      let returned = false;
      const send = streaming ? prepareStream(recorder, n, sentMs) : prepareUnary(n);
      send((result: CallResult) => {
        recorder.ended({ n, intendedMs, sentMs, endedMs: performance.now(), result });
        // A call that fails at once must not make the next one deeper in the stack.
        if (returned) {
          onEnd();
        } else {
          setImmediate(onEnd);
        }
      });
      returned = true;
    },
  };
}
