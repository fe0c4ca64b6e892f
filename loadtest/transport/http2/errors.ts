/** @see https://www.rfc-editor.org/rfc/rfc9113#section-7 */
export const errorCodes = [
  "NO_ERROR",
  "PROTOCOL_ERROR",
  "INTERNAL_ERROR",
  "FLOW_CONTROL_ERROR",
  "SETTINGS_TIMEOUT",
  "STREAM_CLOSED",
  "FRAME_SIZE_ERROR",
  "REFUSED_STREAM",
  "CANCEL",
  "COMPRESSION_ERROR",
  "CONNECT_ERROR",
  "ENHANCE_YOUR_CALM",
  "INADEQUATE_SECURITY",
  "HTTP_1_1_REQUIRED",
] as const;
export type ErrorCode = (typeof errorCodes)[number];

export function errorCodeName(code: number): string {
  return errorCodes[code] ?? `error ${code}`;
}

/** What the server sent is not HTTP/2; the connection is of no more use. */
export class Http2Error extends Error {
  readonly code: ErrorCode;

  /** @param what what was sent, such as "a header string with an invalid Huffman code" */
  constructor(code: ErrorCode, what: string) {
    super(what);
    this.code = code;
  }
}
