import { once } from "node:events";
import { connect, createServer, type OutgoingHttpHeaders } from "node:http2";
import { createRandom } from "@unblock/loadtest/schedule/random";
import { listen } from "@unblock/test/listen";
import { describe, expect, test } from "vitest";
import { closeLater, open, send } from "../testing/client.ts";
import { HpackDecoder, maxHeaderBytes } from "./hpack-decoder.ts";
import { HpackEncoder } from "./hpack-encoder.ts";
import { decodeHuffman, type Field } from "./hpack-table.ts";

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(" ", ""), "hex");
}

const compressionError = expect.objectContaining({ code: "COMPRESSION_ERROR" });

/** The examples of RFC 7541, appendix C.3 to C.6; each list is one connection's blocks. */
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
const date1 = "Mon, 21 Oct 2013 20:13:21 GMT";
const date2 = "Mon, 21 Oct 2013 20:13:22 GMT";
const location = "https://www.example.com";

describe("HPACK decoder", () => {
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
    const decoder = new HpackDecoder();
    blocks.forEach((block, at) => {
      const fields = decoder.decode(hex(block));
      for (const [name, value] of requests[at] ?? []) {
        expect(fields.get(name)).toBe(value);
      }
    });
  });

  test.each([
    [
      "C.5",
      [
        "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "4803 3330 37c1 c0bf",
        "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31",
      ],
    ],
    [
      "C.6, with Huffman codes",
      [
        "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
        "4883 640e ffc1 c0bf",
        "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
      ],
    ],
  ])("reads the responses of RFC 7541, %s, with a table of 256 bytes", (_, blocks) => {
    const decoder = new HpackDecoder();
    // The RFC presumes the size; here the first block sets it.
    const [first, second, third] = blocks.map((block, at) =>
      decoder.decode(at === 0 ? Buffer.concat([hex("3fe101"), hex(block)]) : hex(block)),
    );
    expect(first?.get(":status")).toBe("302");
    expect(first?.get("date")).toBe(date1);
    expect(second?.get(":status")).toBe("307");
    expect(second?.get("cache-control")).toBe("private");
    expect(second?.get("location")).toBe(location);
    expect(third?.get(":status")).toBe("200");
    expect(third?.get("date")).toBe(date2);
    expect(third?.get("content-encoding")).toBe("gzip");
    expect(third?.get("set-cookie")).toBe(
      "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
    );
  });

  test("joins the values of a name; a missing name is null", () => {
    const block = new HpackEncoder().encode([
      ["a", "1"],
      ["b", "2"],
      ["a", "3"],
    ]);
    const fields = new HpackDecoder().decode(Buffer.from(block));
    expect(fields.get("a")).toBe("1, 3");
    expect(fields.get("c")).toBeNull();
  });

  test.each([
    ["an index outside of the table", "be"],
    ["index 0", "80"],
    ["an integer without its last octet", "ff"],
    ["an integer of too many octets", "ff ffff ffff ff0f"],
    ["a string longer than the block", "4001 61 0561"],
    ["a string of 2 GB", "4001 61 7f ffff ffff 07"],
    ["a name without a value", "4001 61"],
    ["a table larger than allowed", "3fe2 1f"],
    ["a table size after a field", "8820"],
    ["padding of zeros", "4001 61 8118"],
    ["padding of a byte", "4001 61 82 1fff"],
    ["the end-of-string code", "4001 61 84 ffff ffff"],
  ])("rejects %s", (_, block) => {
    expect(() => new HpackDecoder().decode(hex(block))).toThrow(compressionError);
  });

  test("rejects a small block that decodes to a large header list", () => {
    const decoder = new HpackDecoder();
    const [name, value] = ["x", "y".repeat(3_000)];
    decoder.decode(Buffer.from(new HpackEncoder().encode([[name, value]])));
    const times = Math.ceil(maxHeaderBytes / 3_000);
    expect(() => decoder.decode(Buffer.alloc(times, 0xbe))).toThrow(
      expect.objectContaining({ code: "ENHANCE_YOUR_CALM" }),
    );
  });

  test("evicts the oldest fields when the table is full", () => {
    const encoder = new HpackEncoder();
    const decoder = new HpackDecoder();
    // Each counts 1,032 bytes, so the table holds three.
    for (const name of ["a", "b", "c"]) {
      decoder.decode(Buffer.from(encoder.encode([[name, "x".repeat(999)]])));
    }
    expect(decoder.decode(hex("c0")).get("a")).toHaveLength(999);
    decoder.decode(Buffer.concat([hex("4001647f e806"), Buffer.alloc(999, "x")]));
    expect(decoder.decode(hex("be")).get("d")).toHaveLength(999);
    expect(decoder.decode(hex("c0")).get("b")).toHaveLength(999);
    expect(() => decoder.decode(hex("c1"))).toThrow(compressionError);
  });
});

describe("Huffman code", () => {
  test("decodes all bytes, also in long strings", async () => {
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

  test("decodes an empty string", () => {
    expect(decodeHuffman(Buffer.alloc(0))).toBe("");
  });
});

const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789-ABC/=;,!~ %\u00e9";

test("decodes what nghttp2 encodes: 400 random headers over one connection", async () => {
  const number = createRandom(4_711);
  const random = (below: number) => Math.floor(number() * below);
  const text = (letters: number, length: number) =>
    Array.from({ length }, () => alphabet[random(letters)]).join("");
  const names = [
    ...Array.from({ length: 30 }, (_, at) => `x-${at}-${text(36, 8)}`),
    "server",
    "via",
  ];
  const lists = Array.from({ length: 400 }, () => {
    const headers: OutgoingHttpHeaders = { ":status": 200 };
    for (let field = random(12); field > 0; field--) {
      const name = names[random(names.length)] ?? "";
      // Some values repeat and come from the table; some are too large for the table.
      const length = random(40) === 0 ? 6_000 : random(50);
      headers[name] = random(3) === 0 ? "again" : `v${text(alphabet.length, length)}v`;
    }
    return headers;
  });
  let next = 0;
  const server = createServer((_, response) => {
    response.stream.respond(lists[next++], { endStream: true });
  });
  const endpoint = await listen(server);
  closeLater(() => endpoint.close());
  const transport = open(endpoint.url);
  for (const headers of lists) {
    const call = send(transport);
    await call.ended;
    expect(call.events).toEqual(["head 200", "end"]);
    const read = Object.keys(headers).map((name) => [name, call.header?.get(name)]);
    expect(read).toEqual(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  }
});

describe("HPACK encoder", () => {
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
    const decoder = new HpackDecoder();
    const decode = (list: readonly Field[]) => decoder.decode(Buffer.from(encoder.encode(list)));
    decode([["x-first", "1"]]);
    for (let call = 0; call < 500; call++) {
      expect(decode([["x-id", `number ${call}`]]).get("x-id")).toBe(`number ${call}`);
    }
    expect(encoder.encode([["x-first", "1"]])).toHaveLength(1 + 1);
    expect(decode([["x-first", "1"]]).get("x-first")).toBe("1");
  });

  test("follows changes of the table size", () => {
    const encoder = new HpackEncoder();
    const decoder = new HpackDecoder();
    const decode = () => decoder.decode(Buffer.from(encoder.encode(fields)));
    decode();
    for (const bytes of [0, 100, 4_096, 65_536, 60, 0]) {
      const before = encoder.version;
      encoder.limitTable(bytes);
      for (let time = 0; time < 3; time++) {
        expect(decode().get("te")).toBe("trailers");
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
