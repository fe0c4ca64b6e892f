import { Code } from "@connectrpc/connect";
import { codeName } from "../../client/code-name.ts";

/**
 * A code's name as gRPC's libraries and ghz write it: "OK", "DeadlineExceeded".
 *
 * @param code as it is on the wire, such as "ok" or "deadline_exceeded"
 */
export function statusName(code: string): string {
  return names.get(code) ?? code;
}

const names = new Map<string, string>([
  ["ok", "OK"],
  ...Object.values(Code)
    .filter((code) => typeof code === "number")
    .map((code): [string, string] => [codeName(code), Code[code]]),
]);
