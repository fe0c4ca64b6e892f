/**
 * Gives memory back at once that nothing reads any more. The garbage collector, which does not see the bytes
 * behind a view, lets many megabytes of them gather.
 *
 * @param bytes a view of memory that is all its own
 */
export function release({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer) {
    buffer.transfer(0);
  }
}
