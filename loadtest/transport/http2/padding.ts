import { serverSent } from "./errors.ts";
import { flag } from "./frames.ts";

/** What a DATA or HEADERS frame carries. */
export function withoutPadding(flags: number, payload: Buffer): Buffer {
  if (!(flags & flag.padded)) {
    return payload;
  }
  const [padding] = payload;
  if (padding === undefined) {
    throw serverSent("FRAME_SIZE_ERROR", "a padded frame of 0 bytes");
  }
  if (padding >= payload.length) {
    throw serverSent("PROTOCOL_ERROR", "a frame with more padding than there is frame");
  }
  return payload.subarray(1, payload.length - padding);
}
