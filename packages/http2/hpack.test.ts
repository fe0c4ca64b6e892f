import { once } from "node:events";
import { connect, createServer, type OutgoingHttpHeaders } from "node:http2";
import { listen } from "@unblock/test/listen";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ConnectionError, errorCode } from "./errors.ts";
import { HpackDecoder } from "./hpack-decoder.ts";
import { encodeHeaderBlock, HpackEncoder } from "./hpack-encoder.ts";
import type { Field } from "./hpack-table.ts";
import { type HeaderFields, requestFieldRules } from "./server/request-fields.ts";
import { open, send } from "./testing/client.ts";
import { closeLater } from "./testing/close-later.ts";

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(" ", ""), "hex");
}

function createDecoder(maxBytes = 64 * 1_024, maxFields = 1_000): HpackDecoder<HeaderFields> {
  return new HpackDecoder(requestFieldRules, maxBytes, maxFields);
}

function fieldsOf(decoder: HpackDecoder<HeaderFields>, block: Uint8Array): Field[] {
  // Not at the start of its buffer, as in a frame.
  const bytes = Buffer.concat([Buffer.from("head"), block, Buffer.from("tail")]);
  const { list } = decoder.decode(bytes, 4, 4 + block.length);
  return list.map(({ name, value }) => [name, value]);
}

function codeOf(decode: () => unknown): number | undefined {
  try {
    decode();
  } catch (error) {
    return error instanceof ConnectionError ? error.code : undefined;
  }
  return undefined;
}

const request = [
  [":method", "GET"],
  [":scheme", "http"],
  [":path", "/"],
  [":authority", "www.example.com"],
] as const;
const requests: readonly (readonly Field[])[] = [
  request,
  [...request, ["cache-control", "no-cache"]],
  [
    [":method", "GET"],
    [":scheme", "https"],
    [":path", "/index.html"],
    [":authority", "www.example.com"],
    ["custom-key", "custom-value"],
  ],
];

describe("the decoder", () => {
  test.each([
    [
      "C.3",
      [
        "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "8286 84be 5808 6e6f 2d63 6163 6865",
        "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
      ],
    ],
    [
      "C.4, with Huffman codes",
      [
        "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
        "8286 84be 5886 a8eb 1064 9cbf",
        "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
      ],
    ],
  ])("reads the requests of RFC 7541, %s", (_, blocks) => {
    const decoder = createDecoder();
    expect(blocks.map((block) => fieldsOf(decoder, hex(block)))).toEqual(requests);
  });

  test.each([
    [
      "C.5",
      [
        "3fe101 4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "4803 3330 37c1 c0bf",
        "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31",
      ],
    ],
    [
      "C.6, with Huffman codes",
      [
        "3fe101 4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
        "4883 640e ffc1 c0bf",
        "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
      ],
    ],
  ])("reads the responses of RFC 7541, %s, with a table of 256 bytes", (_, blocks) => {
    const decoder = createDecoder();
    // The RFC presumes the size of the table; here the first block sets it.
    const lists = blocks.map((block) => fieldsOf(decoder, hex(block)));
    const location: Field = ["location", "https://www.example.com"];
    expect(lists[1]).toEqual([
      [":status", "307"],
      ["cache-control", "private"],
      ["date", "Mon, 21 Oct 2013 20:13:21 GMT"],
      location,
    ]);
    expect(lists[2]).toEqual([
      [":status", "200"],
      ["cache-control", "private"],
      ["date", "Mon, 21 Oct 2013 20:13:22 GMT"],
      location,
      ["content-encoding", "gzip"],
      ["set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"],
    ]);
  });

  test("reads what an encoder with a table writes, for any fields", () => {
    const text = fc.string({ unit: fc.constantFrom(..."abcdefghijk-0123456789"), minLength: 1 });
    const lists = fc.array(fc.array(fc.tuple(text, text)), { maxLength: 30 });
    const limits = fc.array(fc.nat(5_000), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(lists, limits, (blocks, tableBytes) => {
        const encoder = new HpackEncoder();
        const decoder = createDecoder();
        blocks.forEach((fields, at) => {
          encoder.limitTable(tableBytes[at % tableBytes.length] ?? 0);
          // The same block twice, the second time perhaps from memory.
          for (let time = 0; time < 2; time++) {
            expect(fieldsOf(decoder, encoder.encode(fields))).toEqual(fields);
          }
        });
      }),
    );
  });

  test("reads what encodeHeaderBlock writes, for any fields and lengths", () => {
    const name = fc.string({
      unit: fc.constantFrom(..."abcxyz-019_"),
      minLength: 1,
      maxLength: 300,
    });
    const value = fc.string({ unit: fc.constantFrom(..."ab/;=,~\u00e9"), maxLength: 300 });
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 10 }), (fields) => {
        expect(fieldsOf(createDecoder(), encodeHeaderBlock(fields))).toEqual(fields);
      }),
    );
  });

  test("decodes all bytes of the Huffman code, also in long strings", async () => {
    // nghttp2 has its own table of the code and uses the code where it makes a string shorter.
    const headers: OutgoingHttpHeaders = { "x-long": "e".repeat(50_000) };
    for (let byte = 32; byte < 256; byte++) {
      if (byte !== 127) {
        headers[`x-${byte}`] = `${"e".repeat(20)}${String.fromCharCode(byte)}e`;
      }
    }
    const endpoint = await listen(
      createServer((_, response) => response.writeHead(200, headers).end()),
    );
    closeLater(() => endpoint.close());
    const call = send(open(endpoint.url));
    await call.ended;
    const names = Object.keys(headers);
    expect(names.map((name) => call.header?.get(name))).toEqual(Object.values(headers));
  });

  test("gives equal blocks the same object while the table stays as it is", () => {
    const decoder = createDecoder();
    const decode = (block: string) => decoder.decode(hex(block), 0, hex(block).length);
    const first = decode("8286 8441 0161");
    // The first one inserted :authority, so the table had not stayed.
    const second = decode("8286 84be");
    expect(second).not.toBe(first);
    expect(decode("8286 84be")).toBe(second);
    expect(second.authority).toBe("a");
    decode("4101 62");
    // The index now means another field.
    expect(decode("8286 84be").authority).toBe("b");
    decode("20");
    expect(codeOf(() => decode("8286 84be"))).toBe(errorCode.compressionError);
  });

  test("evicts right when the table is full of the smallest fields", () => {
    const decoder = createDecoder();
    // Fields of 33 bytes, of which the table holds 124.
    for (let n = 0; n < 300; n++) {
      expect(fieldsOf(decoder, hex(`4001${(97 + (n % 26)).toString(16)}00`))).toHaveLength(1);
    }
    expect(fieldsOf(decoder, hex("be"))[0]?.[0]).toBe(String.fromCharCode(97 + (299 % 26)));
    // The oldest has the index 61 + 124, as 7f + 3a.
    expect(fieldsOf(decoder, hex("ff3a"))[0]?.[0]).toBe(String.fromCharCode(97 + (176 % 26)));
    expect(codeOf(() => fieldsOf(decoder, hex("ff3b")))).toBe(errorCode.compressionError);
  });

  test.each([
    ["a field that the table has not", "be"],
    ["the field of index 0", "80"],
    ["an integer without an end", "ff"],
    ["an integer of too many octets", "ff ffff ffff ff0f"],
    ["a string that is too long", "4001 61 0561"],
    ["a string of 256 MB", "4001 61 7f ffff ff7f"],
    ["a name without a value", "4001 61"],
    ["a table larger than allowed", "3fe2 1f"],
    ["a table size after a field", "8820"],
    ["three table sizes", "2020 2088"],
    ["padding of zeros", "4001 61 8118"],
    ["padding of a byte", "4001 61 82 1fff"],
    ["the code for the end", "4001 61 84 ffff ffff"],
  ])("rejects %s with COMPRESSION_ERROR", (_, block) => {
    expect(codeOf(() => fieldsOf(createDecoder(), hex(block)))).toBe(errorCode.compressionError);
  });

  test("never throws anything else, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (block) => {
        const code = codeOf(() => fieldsOf(createDecoder(), block));
        const { compressionError, enhanceYourCalm } = errorCode;
        expect([undefined, compressionError, enhanceYourCalm]).toContain(code);
      }),
      { numRuns: 2_000 },
    );
  });

  test("keeps no more fields than it may, and its table intact", () => {
    const decoder = createDecoder(1_000, 5);
    const value = "y".repeat(500);
    const encoder = new HpackEncoder();
    expect(fieldsOf(decoder, encoder.encode([["x", value]]))).toHaveLength(1);
    const fields = decoder.decode(Buffer.alloc(7, 0xbe), 0, 7);
    expect(fields.isTooLarge).toBe(true);
    expect(fields.list).toHaveLength(1);
    const many = decoder.decode(Buffer.alloc(6, 0x82), 0, 6);
    expect(many.isTooLarge).toBe(true);
    expect(many.list).toHaveLength(5);
    expect(fieldsOf(decoder, hex("be"))).toEqual([["x", value]]);
    const bomb = Buffer.alloc(8, 0xbe);
    expect(codeOf(() => fieldsOf(decoder, bomb))).toBe(errorCode.enhanceYourCalm);
  });
});

describe("the encoder", () => {
  const fields: readonly Field[] = [
    [":method", "POST"],
    [":path", "/a.B/C"],
    ["te", "trailers"],
    ["authorization", "Bearer secret"],
    ["cookie", "a=b"],
  ];

  test("writes a field once, then its index; a secret each time as never indexed", () => {
    const encoder = new HpackEncoder();
    const first = Buffer.from(encoder.encode(fields));
    const second = Buffer.from(encoder.encode(fields));
    expect(first.toString("latin1")).toContain("trailers");
    expect(second.toString("latin1")).not.toContain("trailers");
    // RFC 7541, 6.2.3: 0001, then the index of the name (23 and 32) as a number with 4 prefix bits.
    expect(second.subarray(0, 5)).toEqual(hex("83 bf be 1f08"));
    expect(second.toString("latin1")).toContain("Bearer secret");
    expect(second.includes(hex("1f 11 03"))).toBe(true);
  });

  test("evicts nothing when the table is full", () => {
    const encoder = new HpackEncoder();
    const decoder = createDecoder();
    const first: Field = ["x-first", "1"];
    fieldsOf(decoder, encoder.encode([first]));
    for (let call = 0; call < 500; call++) {
      const field: Field = ["x-id", `number ${call}`];
      expect(fieldsOf(decoder, encoder.encode([field]))).toEqual([field]);
    }
    const block = encoder.encode([first]);
    expect(block).toHaveLength(1 + 1);
    expect(fieldsOf(decoder, block)).toEqual([first]);
  });

  test("follows changes of the table size", () => {
    const encoder = new HpackEncoder();
    const decoder = createDecoder();
    const decode = () => fieldsOf(decoder, encoder.encode(fields));
    decode();
    for (const bytes of [0, 100, 4_096, 65_536, 60, 0]) {
      const before = encoder.version;
      encoder.limitTable(bytes);
      for (let time = 0; time < 3; time++) {
        expect(decode()).toEqual(fields);
      }
      // Encoded blocks become invalid, unless the size has not changed.
      expect(encoder.version === before).toBe(bytes === 65_536);
    }
  });

  test("sends the same fields as the client of node:http2", async () => {
    const seen: unknown[] = [];
    const server = createServer((request, response) => {
      seen.push({ ...request.headers });
      response.end();
    });
    const endpoint = await listen(server);
    closeLater(() => endpoint.close());
    const session = connect(endpoint.url);
    const own = session.request({ ":method": "POST", ":path": "/x", "x-long": "l".repeat(500) });
    own.end("hi");
    own.resume();
    await once(own, "close");
    session.close();
    const call = send(open(endpoint.url), { path: "/x", fields: { "x-long": "l".repeat(500) } });
    await call.ended;
    expect(seen).toHaveLength(2);
    expect(seen[1]).toEqual(seen[0]);
  });
});

test.each([
  ["Upper", "a"],
  ["a b", "a"],
  ["", "a"],
  ["a", "line\nfeed"],
  ["a", " blank"],
  ["a", "\u20ac"],
])("encodeHeaderBlock rejects %j: %j", (name, value) => {
  expect(() => encodeHeaderBlock([[name, value]])).toThrow(TypeError);
});
