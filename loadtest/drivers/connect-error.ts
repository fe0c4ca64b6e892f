import { Code } from "@connectrpc/connect";
import { codeName } from "../../client/code-name.ts";
import type { RpcStatus } from "./grpc-status.ts";

const codeNames: ReadonlySet<unknown> = new Set(
  Object.values(Code)
    .filter((code) => typeof code === "number")
    .map(codeName),
);

/**
 * Reads Connect's error as JSON: `{"code":"unavailable","message":"…"}`.
 *
 * @param fallback the code when it has none that Connect knows
 * @returns undefined when it is no error of Connect
 * @see https://connectrpc.com/docs/protocol/#error-end-stream
 */
export function readConnectError(json: unknown, fallback: string): RpcStatus | undefined {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    return undefined;
  }
  const code = "code" in json ? json.code : undefined;
  const message = "message" in json ? json.message : undefined;
  return {
    code: typeof code === "string" && codeNames.has(code) ? code : fallback,
    message: typeof message === "string" ? message : "",
  };
}

/** Parses JSON from a server; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
