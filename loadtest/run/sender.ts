import type { Message } from "@bufbuild/protobuf";
import type { Call, Driver, LoadMethod, Send } from "../drivers/driver.ts";
import { CallRandom, compileTemplate, type Requests } from "../requests/requests.ts";
import type { Recorder, SentCall } from "./recorder.ts";

export interface SenderOptions {
  readonly driver: Driver;
  readonly method: LoadMethod;
  readonly requests: Requests;
  /** Values may be templates. */
  readonly header: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly recorder: Recorder;
  /** With the call's number, determines everything random in a call. */
  readonly seed: string;
}

/**
 * Sends call `n` and records it. `onEnd` is called once, after the function has returned.
 *
 * @param intendedMs intended moment, on this thread's `performance.now()`
 * @param heldBack whether the call is late because the maximum was in progress
 * @param connection as for `Send`
 */
export type Sender = (
  n: number,
  intendedMs: number,
  heldBack: boolean,
  onEnd: () => void,
  connection?: number,
) => void;

export function createSender(options: SenderOptions): Sender {
  const { driver, method, requests, timeoutMs, recorder, seed } = options;
  const header = Object.entries(options.header).map(
    ([name, value]) => [name, compileTemplate(value)] as const,
  );
  const isHeaderConstant = header.every(([, template]) => template.constant);
  /** Unary requests that repeat are encoded once. */
  const prepared = new WeakMap<Message, Send>();

  const prepare = (sent: SentCall): Send => {
    const random = new CallRandom(seed, sent.n);
    const request = requests(sent.n, random);
    const known = prepared.get(request);
    if (known !== undefined) {
      return known;
    }
    const call: Call = {
      method,
      request,
      timeoutMs,
      header: Object.fromEntries(
        header.map(([name, value]) => [name, value.render(sent.n, random)]),
      ),
    };
    if (method.methodKind === "server_streaming") {
      return driver.prepare({
        ...call,
        onMessage: () => recorder.message(sent, performance.now()),
      });
    }
    const send = driver.prepare(call);
    if (isHeaderConstant) {
      prepared.set(request, send);
    }
    return send;
  };

  return (n, intendedMs, heldBack, onEnd, connection) => {
    // In a closed loop a call is sent when it is intended.
    const sentMs = recorder.isOpen ? performance.now() : intendedMs;
    const sent: SentCall = { n, intendedMs, sentMs, messageMs: undefined, sending: undefined };
    recorder.sent(sent, heldBack ? 0 : sentMs - intendedMs);
    let returned = false;
    sent.sending = prepare(sent)((result) => {
      recorder.ended(sent, performance.now(), result);
      // Calls that fail at once must not recurse.
      if (returned) {
        onEnd();
      } else {
        setImmediate(onEnd);
      }
    }, connection);
    returned = true;
  };
}
