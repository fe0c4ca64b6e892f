import fc from "fast-check";

/** How a message is put into envelopes. */
export interface Framing {
  /** Flags of each envelope, and the error of its length. */
  readonly envelopes: readonly { readonly flags: number; readonly extraLength: number }[];
  /** Count of the bytes that are missing at the end. */
  readonly missing: number;
  /** Bytes after the envelopes. */
  readonly rest: Uint8Array;
}

const proper = { envelopes: [{ flags: 0, extraLength: 0 }], missing: 0, rest: new Uint8Array() };

export const framings: fc.Arbitrary<Framing> = fc.oneof(
  { weight: 2, arbitrary: fc.constant(proper) },
  {
    weight: 3,
    arbitrary: fc.record({
      envelopes: fc.array(
        fc.record({
          flags: fc.oneof(fc.constantFrom(0, 1, 2, 128, 129), fc.nat(255)),
          extraLength: fc.oneof(
            { weight: 3, arbitrary: fc.constant(0) },
            { weight: 1, arbitrary: fc.constantFrom(-1, 1, 100, 4_194_304, 0xffff_ffff) },
            { weight: 1, arbitrary: fc.nat(0xffff_ffff) },
          ),
        }),
        { maxLength: 3 },
      ),
      missing: fc.oneof(fc.constant(0), fc.nat(8)),
      rest: fc.oneof(fc.constant(new Uint8Array()), fc.uint8Array({ maxLength: 8 })),
    }),
  },
);

export function frame({ envelopes, missing, rest }: Framing, message: Uint8Array): Uint8Array {
  const framed = envelopes.map(({ flags, extraLength }) => {
    const prefix = Buffer.alloc(5);
    prefix[0] = flags;
    prefix.writeUInt32BE(Math.min(0xffff_ffff, Math.max(0, message.length + extraLength)), 1);
    return Buffer.concat([prefix, message]);
  });
  const whole = Buffer.concat(framed);
  return Buffer.concat([whole.subarray(0, Math.max(0, whole.length - missing)), rest]);
}

export interface Envelope {
  readonly flags: number;
  readonly data: Buffer;
}

/** Splits a body into envelopes. @throws Error if the last one is incomplete */
export function unframe(body: Buffer): readonly Envelope[] {
  const envelopes: Envelope[] = [];
  for (let at = 0; at < body.length; ) {
    const end = at + 5 + body.readUInt32BE(at + 1);
    if (end > body.length) {
      throw new Error(`Expected an envelope of ${end - at} bytes, got ${body.length - at}`);
    }
    envelopes.push({ flags: body.readUInt8(at), data: body.subarray(at + 5, end) });
    at = end;
  }
  return envelopes;
}
