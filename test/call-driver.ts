import type { Message } from "@bufbuild/protobuf";
import type { CallResult, Driver, LoadMethod } from "@unblock/loadtest/drivers/driver";
import { echo, wish } from "./echo-schema.ts";

/** How a call ended, and the count of messages that it received. */
export interface CalledBack extends CallResult {
  readonly messages: number;
  /** How often the end of the call was reported; once is correct. */
  readonly ends: () => number;
}

export interface CallOptions {
  readonly method?: LoadMethod;
  readonly request?: Message;
  readonly header?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** Makes one call with a driver, by default of the Echo method. */
export function callOnce(
  driver: Driver,
  { method = echo, request = wish({}), header = {}, timeoutMs = 0 }: CallOptions = {},
): Promise<CalledBack> {
  let messages = 0;
  let ends = 0;
  const onMessage = () => {
    messages++;
  };
  const send = driver.prepare({ method, request, header, timeoutMs, onMessage });
  return new Promise((resolve) => {
    send((result) => {
      ends++;
      resolve({ ...result, messages, ends: () => ends });
    });
  });
}
