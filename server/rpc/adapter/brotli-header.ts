/**
 * How many bytes the first part of a brotli stream inflates to, which the stream announces: undefined when it
 * says nothing of it. A decoder keeps up to all of a part before it puts out the first byte, so this is to be
 * known before.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7932#section-9
 */
export function firstPartBytes(stream: Uint8Array): number | undefined {
  // Window size, flags and length take 33 bits at most.
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = stream;
  let bits = a + b * 2 ** 8 + c * 2 ** 16 + d * 2 ** 24 + e * 2 ** 32;
  const take = (count: number) => {
    const value = bits % 2 ** count;
    bits = Math.floor(bits / 2 ** count);
    return value;
  };
  const hasLongWindowField = take(1) === 1 && take(3) === 0;
  if (hasLongWindowField) {
    take(3);
  }
  const isLast = take(1) === 1;
  const isEmpty = isLast && take(1) === 1;
  const nibbles = take(2) + 4;
  const hasLength = !isEmpty && nibbles < 7;
  return hasLength ? take(4 * nibbles) + 1 : undefined;
}
