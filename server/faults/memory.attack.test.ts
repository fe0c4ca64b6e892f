import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { brotliCompressSync, constants, createBrotliCompress, gzipSync } from "node:zlib";
import { envelope } from "@unblock/connect/adapter/envelope";
import type { Field } from "@unblock/http2/hpack-table";
import { attackTest, type Footprint, footprintOf, reportAttack } from "@unblock/test/attack";
import { RawHttp2 } from "@unblock/test/raw-http2";
import { startServerProcess, type TestServerProcess } from "@unblock/test/server-process";
import { post } from "@unblock/test/wire";
import { afterEach, beforeEach, describe, expect, vi } from "vitest";

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
/** Max growth of the server's memory, in MB. */
const maxGrowthMb = 100;

let server: TestServerProcess;
let connections: RawHttp2[];
beforeEach(async () => {
  connections = [];
  server = await startServerProcess(["--blocking-threads", "2"]);
});
afterEach(async () => {
  for (const connection of connections) {
    connection.close();
  }
  await server.kill();
});

async function open(count: number): Promise<RawHttp2[]> {
  const opened = await Promise.all(Array.from({ length: count }, () => RawHttp2.open(server.url)));
  connections.push(...opened);
  return opened;
}

/** Returns the peak footprint from now until a few seconds after `attack`. */
async function peakDuring(attack: () => Promise<void>): Promise<Footprint> {
  let peak = footprintOf(server.child.pid);
  const look = setInterval(() => {
    const now = footprintOf(server.child.pid);
    peak = {
      residentMb: Math.max(peak.residentMb, now.residentMb),
      threads: Math.max(peak.threads, now.threads),
    };
  }, 20);
  try {
    await attack();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
  } finally {
    clearInterval(look);
  }
  return peak;
}

async function attackWith(sent: string, attack: () => Promise<string>): Promise<void> {
  const before = footprintOf(server.child.pid);
  let did = "";
  const after = await peakDuring(async () => {
    did = await attack();
  });
  reportAttack({ sent, did, before, after });
  expect(after.residentMb - before.residentMb).toBeLessThan(maxGrowthMb);
  // Other clients are served meanwhile.
  const other = await post(server.url, "ExercisesService/ComputeHash", '{"data":"a","rounds":1}');
  expect(other.status).toBe(200);
}

const hashPath = "/unblock.v1.ExercisesService/ComputeHash";

function head(path: string, contentType: string, more: readonly Field[] = []): Field[] {
  return [
    [":method", "POST"],
    [":scheme", "http"],
    [":authority", "localhost"],
    [":path", path],
    ["content-type", contentType],
    ["te", "trailers"],
    ...more,
  ];
}

/** A protobuf field of bytes or text. */
function field(number: number, value: Uint8Array): Buffer {
  const length: number[] = [];
  let rest = value.length;
  for (; rest >= 128; rest >>>= 7) {
    length.push((rest & 127) | 128);
  }
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length, rest]), value]);
}

/** Returns the number of calls by outcome, such as "300 resource_exhausted". */
function outcomes(attacked: readonly RawHttp2[]): string {
  const counts = new Map<string, number>();
  for (const { streams } of attacked) {
    for (const { fields, end } of streams.values()) {
      const status = fields["grpc-status"];
      const outcome = status === undefined ? (end ?? "open") : `grpc-status ${status}`;
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    }
  }
  const told = [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(", ");
  return `the server responded: ${told || "nothing"}`;
}

async function endedAll(attacked: readonly RawHttp2[], streams: number): Promise<void> {
  await vi.waitUntil(
    () =>
      attacked.every(
        (connection) =>
          connection.isClosed ||
          [...connection.streams.values()].filter(({ end }) => end !== undefined).length >= streams,
      ),
    { timeout: 60_000, interval: 20 },
  );
}

const brotli = (bytes: Uint8Array) =>
  brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_LGWIN]: 24 } });

/** A brotli stream whose first part, which has an announced length, is short. */
async function inTwoParts(bytes: Uint8Array): Promise<Buffer> {
  const compress = createBrotliCompress({ params: { [constants.BROTLI_PARAM_LGWIN]: 24 } });
  compress.write(bytes.subarray(0, kibibyte));
  await promisify(compress.flush).call(compress);
  compress.end(bytes.subarray(kibibyte));
  return buffer(compress);
}

describe("compressed messages", async () => {
  const large = Buffer.alloc(4 * mebibyte - 16, 97);
  /** rounds: 1, without which each hash would take 100 ms. */
  const cheap = Buffer.from([0x10, 1]);
  const hash = (number: number, bytes: number) =>
    Buffer.concat([cheap, field(number, large.subarray(0, bytes))]);
  const bombs: readonly [string, string, Buffer][] = [
    ["4 MiB of a known field, by brotli", "br", brotli(hash(1, 4 * mebibyte))],
    ["4 MiB of an unknown field, by brotli", "br", brotli(hash(99, 4 * mebibyte))],
    [
      "4 MiB that do not say so in their first part, by brotli",
      "br",
      await inTwoParts(hash(1, 4 * mebibyte)),
    ],
    ["120 KiB of a known field, by brotli", "br", brotli(hash(1, 120 * kibibyte))],
    ["120 KiB of a known field, by gzip", "gzip", gzipSync(hash(1, 120 * kibibyte))],
    ["250 KiB of an unknown field, by gzip", "gzip", gzipSync(hash(99, 250 * kibibyte))],
  ];

  attackTest.for(bombs)("%s", async ([name, encoding, compressed]) => {
    const message = envelope(1, compressed);
    const calls = Math.ceil((64 * kibibyte) / message.length / 4);
    const sent = `${4 * calls} calls of ${message.length} bytes that inflate to ${name}`;
    await attackWith(sent, async () => {
      const attacked = await open(4);
      for (const connection of attacked) {
        for (let call = 0; call < calls; call++) {
          const id = 2 * call + 1;
          connection.write(
            connection.headers(
              id,
              head(hashPath, "application/grpc+proto", [
                ["grpc-encoding", encoding],
                // The calls would hold their messages for long.
                ["unblock-strategy", "cpu-pool"],
              ]),
            ),
            connection.data(id, message, true),
          );
        }
      }
      await endedAll(attacked, calls);
      return outcomes(attacked);
    });
  });
});

describe("endless bodies", () => {
  const contentTypes = ["application/grpc+proto", "application/proto", "application/json"];
  attackTest.for(contentTypes)("200 of 4 MiB on one connection, %s", async (contentType) => {
    const chunk = Buffer.alloc(16 * kibibyte, 97);
    await attackWith(`200 unended bodies of 4 MiB, ${contentType}`, async () => {
      const [connection] = await open(1);
      if (connection === undefined) {
        throw new Error("Expected a connection");
      }
      for (let call = 0; call < 200; call++) {
        connection.write(connection.headers(2 * call + 1, head(hashPath, contentType)));
      }
      const start = Buffer.from([0, 0, 0x3f, 0xff, 0x00]);
      for (let sentBytes = 0; sentBytes < 4 * mebibyte && !connection.isClosed; ) {
        for (let call = 0; call < 200; call++) {
          const isFirst = sentBytes === 0 && contentType.startsWith("application/grpc");
          const data = isFirst ? Buffer.concat([start, chunk.subarray(5)]) : chunk;
          await connection.sendData(2 * call + 1, data);
        }
        sentBytes += chunk.length;
      }
      await connection.ping();
      return outcomes([connection]);
    });
  });

  attackTest("1,000 calls of reflection with half a message of 8 KiB", async () => {
    const path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    await attackWith("1,000 reflection calls with half a message each", async () => {
      const attacked = await open(4);
      for (const connection of attacked) {
        for (let call = 0; call < 250; call++) {
          const id = 2 * call + 1;
          connection.write(connection.headers(id, head(path, "application/grpc+proto")));
          await connection.sendData(id, Buffer.from([0, 0, 0, 0x20, 0x00]));
          await connection.sendData(id, Buffer.alloc(7 * kibibyte, 97));
        }
        await connection.ping();
      }
      return outcomes(attacked);
    });
  });
});

describe("headers", () => {
  attackTest("1,000 calls with 15 KB of header from one table entry", async () => {
    const large: Field = ["x-large", "x".repeat(3_900)];
    await attackWith("1,000 unended calls with 15 KB of indexed header each", async () => {
      const attacked = await open(4);
      for (const connection of attacked) {
        for (let call = 0; call < 250; call++) {
          connection.write(
            connection.headers(
              2 * call + 1,
              head(hashPath, "application/grpc+proto", [large, large, large]),
            ),
          );
        }
        await connection.ping();
      }
      return outcomes(attacked);
    });
  });
});
