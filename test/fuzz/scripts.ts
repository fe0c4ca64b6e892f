import fc from "fast-check";

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");
/** An empty SETTINGS frame of HTTP/2. */
const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

const frames = fc
  .array(
    fc.record({
      length: fc.oneof(fc.constant(undefined), fc.nat(0xff_ffff)),
      type: fc.oneof(fc.nat(9), fc.nat(255)),
      flags: fc.nat(255),
      stream: fc.oneof(fc.constantFrom(0, 1, 2, 3), fc.nat(0x7fff_ffff)),
      content: fc.uint8Array({ maxLength: 40 }),
    }),
    { maxLength: 6 },
  )
  .map((all) =>
    all.map(({ length, type, flags, stream, content }) => {
      const head = Buffer.alloc(9);
      head.writeUIntBE(length ?? content.length, 0, 3);
      head[3] = type;
      head[4] = flags;
      head.writeUInt32BE(stream, 5);
      return Buffer.concat([head, content]);
    }),
  );

const lines = fc.array(
  fc.oneof(
    fc.constantFrom(
      ...["POST /unblock.v1.VitalsService/Ping HTTP/1.1", "GET / HTTP/1.0", "PRI * HTTP/2.0"],
      ...["CONNECT x:1 HTTP/1.1", "host: x", "host: [", "content-length: 5", "content-length: -1"],
      ...["transfer-encoding: chunked", "content-type: application/json", "expect: 100-continue"],
      ...["connection: upgrade", "upgrade: h2c", "{}", "0", "5;x", "ffffffffffffffffff", "", ""],
    ),
    fc.string({ maxLength: 30 }),
  ),
  { maxLength: 12 },
);

/** Bytes of a connection that are no HTTP or invalid HTTP. */
export const scripts: fc.Arbitrary<Buffer> = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  lines.map((all) => Buffer.from(all.join("\r\n"), "latin1")),
  frames.map((all) => Buffer.concat([preface, settings, ...all])),
  fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.concat([preface, bytes])),
  fc.nat(preface.length).map((length) => preface.subarray(0, length)),
);
