import type { Message } from "@bufbuild/protobuf";
import type { Call, CallResult, Driver, LoadMethod, Send } from "../drivers/driver.ts";
import type { RequestSource } from "../requests/requests.ts";
import { compileTemplate, type Template } from "../requests/template.ts";
import { CallRandom } from "../schedule/random.ts";
import type { Recorder, SentCall } from "./recorder.ts";

export interface SenderOptions {
  readonly driver: Driver;
  readonly method: LoadMethod;
  readonly requests: RequestSource;
  /** Values may be templates. */
  readonly header: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export interface Sender {
  /**
   * Sends call `n` and records it. `onEnd` is called once, after `send` has returned.
   *
   * @param seed with `n`, determines everything random in the call
   * @param intendedMs intended moment, on this thread's `performance.now()`
   * @param heldBack whether the call is late because the maximum was in progress
   * @param connection as for `Send`
   */
  send(
    recorder: Recorder,
    seed: string,
    n: number,
    intendedMs: number,
    heldBack: boolean,
    onEnd: () => void,
    connection?: number,
  ): void;
}

export function createSender(options: SenderOptions): Sender {
  const { driver, method, requests, timeoutMs } = options;
  const header = Object.entries(options.header).map(([name, value]): [string, Template] => [
    name,
    compileTemplate(value),
  ]);
  const isHeaderConstant = header.every(([, template]) => template.constant);
  const streaming = method.methodKind === "server_streaming";
  /** Requests that repeat are encoded once. */
  const prepared = new WeakMap<Message, Send>();

  const describe = (n: number, request: Message, random: CallRandom): Call => ({
    method,
    request,
    timeoutMs,
    header: Object.fromEntries(header.map(([name, value]) => [name, value.render(n, random)])),
  });
  const prepareUnary = (n: number, random: CallRandom): Send => {
    const request = requests.at(n, random);
    const known = prepared.get(request);
    if (known !== undefined) {
      return known;
    }
    const send = driver.prepare(describe(n, request, random));
    if (isHeaderConstant) {
      prepared.set(request, send);
    }
    return send;
  };
  const prepareStream = (recorder: Recorder, call: SentCall, random: CallRandom): Send => {
    const onMessage = () => recorder.message(call, performance.now());
    return driver.prepare({
      ...describe(call.n, requests.at(call.n, random), random),
      onMessage,
    });
  };

  return {
    send: (recorder, seed, n, intendedMs, heldBack, onEnd, connection) => {
      // In a closed loop a call is sent when it is intended.
      const sentMs = recorder.isOpen ? performance.now() : intendedMs;
      const call: SentCall = { n, intendedMs, sentMs, messageMs: undefined, sending: undefined };
      recorder.sent(call, heldBack ? 0 : sentMs - intendedMs);
      let returned = false;
      const random = new CallRandom(seed, n);
      const send = streaming ? prepareStream(recorder, call, random) : prepareUnary(n, random);
      call.sending = send((result: CallResult) => {
        recorder.ended(call, performance.now(), result);
        // Calls that fail at once must not recurse.
        if (returned) {
          onEnd();
        } else {
          setImmediate(onEnd);
        }
      }, connection);
      returned = true;
    },
  };
}
