/** @see https://www.rfc-editor.org/rfc/rfc9113#section-7 */
const errorCodes = [
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

export function errorCodeNumber(code: ErrorCode): number {
  return errorCodes.indexOf(code);
}

/** What the server sent is not HTTP/2. The message is for people. */
export class Http2Error extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** @param what what breaks the rules, such as "a PING of 3 bytes" */
export function serverSent(code: ErrorCode, what: string): Http2Error {
  return new Http2Error(code, `The server broke HTTP/2: it sent ${what}`);
}
