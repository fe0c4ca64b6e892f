/** Error codes of GOAWAY and RST_STREAM. @see https://www.rfc-editor.org/rfc/rfc9113#section-7 */
export const errorCode = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  settingsTimeout: 4,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  connectError: 10,
  enhanceYourCalm: 11,
  inadequateSecurity: 12,
  http11Required: 13,
} as const;

/** Name of a code as the RFC writes it, such as "REFUSED_STREAM". */
export function errorCodeName(code: number): string {
  const name = Object.entries(errorCode).find(([, known]) => known === code)?.[0];
  return name?.replace(/[A-Z\d]/g, "_$&").toUpperCase() ?? `error ${code}`;
}

/** Error that ends the connection with a GOAWAY. */
export class ConnectionError extends Error {
  readonly code: number;

  /** @param what what the peer did, such as "a PING of 3 bytes" */
  constructor(code: number, what: string) {
    super(what);
    this.code = code;
  }
}

export function protocolError(what: string): ConnectionError {
  return new ConnectionError(errorCode.protocolError, what);
}

export function tooMany(what: string): ConnectionError {
  return new ConnectionError(errorCode.enhanceYourCalm, `too many ${what}`);
}

/** A header block that cannot be decoded, nor can those after it. */
export function compressionError(what: string): ConnectionError {
  return new ConnectionError(errorCode.compressionError, what);
}
