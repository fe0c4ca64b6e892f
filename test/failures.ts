import { ConnectError } from "@connectrpc/connect";
import { codeName } from "@unblock/connect/code-name";
import { ErrorInfoSchema } from "@unblock/proto/gen/google/rpc/error_details_pb";

/** What a call's error says to programs. */
export interface CallFailure {
  /** Name of the code, such as "unavailable". */
  readonly code: string;
  /** Stable code of the server's error, such as "UNBLOCK_SHUTTING_DOWN"; undefined when it has none. */
  readonly error: string | undefined;
  /** Data of the server's error. */
  readonly data: Readonly<Record<string, string>> | undefined;
}

export function toCallFailure(error: unknown): CallFailure {
  const connectError = ConnectError.from(error);
  const [info] = connectError.findDetails(ErrorInfoSchema);
  return { code: codeName(connectError.code), error: info?.reason, data: info?.metadata };
}

/** Resolves with the failure of a call that must fail. */
export async function failureOf(call: Promise<unknown>): Promise<CallFailure> {
  const error = await call.then(
    () => new ConnectError("Expected the call to fail, got a response"),
    (reason: unknown) => reason,
  );
  return toCallFailure(error);
}
