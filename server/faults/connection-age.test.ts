import { createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { Client, credentials } from "@grpc/grpc-js";
import { repeatRejected } from "@unblock/client/client";
import { ExercisesService } from "@unblock/proto/gen/exercises";
import { VitalsService } from "@unblock/proto/gen/vitals";
import { callSteadily } from "@unblock/test/burst";
import { createCertificates } from "@unblock/test/certificates";
import { post } from "@unblock/test/wire";
import { expect, test, vi } from "vitest";
import { type ImpatientServer, impatientServers } from "../testing/impatient-server.ts";
import { pingPath } from "../testing/unended-request.ts";

const waitOptions = { timeout: 25_000, interval: 20 };
const connectionLimits = { maxConnectionAgeMs: 400, maxConnectionAgeGraceMs: 20_000 };
const weatherPath = "/unblock.v1.ExercisesService/GetWeather";
/** A request of GetWeather. */
const weatherMs = 200;
const city = "london";

const start = impatientServers();

interface Caller {
  readonly ping: () => Promise<unknown>;
  readonly weather: () => Promise<unknown>;
  readonly close: () => void;
}
type Open = (url: string, ca: string | undefined) => Caller;

interface ConnectNodeOptions {
  readonly baseUrl: string;
  readonly nodeOptions: { readonly ca?: string };
  readonly interceptors: Interceptor[];
}

/** Repeats refused streams, as the project's client does. */
const connectNode =
  (createTransport: (options: ConnectNodeOptions) => Transport): Open =>
  (baseUrl, ca) => {
    const nodeOptions = ca === undefined ? {} : { ca };
    const transport = createTransport({ baseUrl, nodeOptions, interceptors: [repeatRejected] });
    const vitals = createClient(VitalsService, transport);
    const exercises = createClient(ExercisesService, transport);
    return {
      ping: () => vitals.ping({}),
      weather: () => exercises.getWeather({ city }),
      close: () => {},
    };
  };

const grpcJs: Open = (url, ca) => {
  const client = new Client(
    new URL(url).host,
    ca === undefined ? credentials.createInsecure() : credentials.createSsl(Buffer.from(ca)),
    // The name of a certificate can't be an address.
    ca === undefined ? {} : { "grpc.ssl_target_name_override": "localhost" },
  );
  const same = (bytes: Buffer) => bytes;
  const call = (path: string, message: Buffer) =>
    new Promise<void>((resolve, reject) => {
      client.makeUnaryRequest(path, same, same, message, (error) =>
        error === null ? resolve() : reject(error),
      );
    });
  return {
    ping: () => call(pingPath, Buffer.alloc(0)),
    weather: () => call(weatherPath, Buffer.from(`\x0a\x06${city}`)),
    close: () => client.close(),
  };
};

const overFetch: Open = (url) => ({
  ping: () => post(url, pingPath, "{}"),
  weather: () => post(url, weatherPath, JSON.stringify({ city })),
  close: () => {},
});

/** Makes calls over this many connections in turn, and returns the messages of failures. */
async function callAllAlong(
  server: ImpatientServer,
  connections: number,
  { ping, weather, close }: Caller,
) {
  const calls = [callSteadily(4, 0, ping), callSteadily(8, weatherMs, weather)];
  await vi.waitUntil(() => server.usedConnections() >= connections, waitOptions);
  const failures = await Promise.all(calls.map((some) => some.stop()));
  close();
  expect(calls.every(({ answered }) => answered > 0)).toBe(true);
  return failures.flat();
}

const overHttp2: readonly (readonly [string, Open])[] = [
  ["grpc-js", grpcJs],
  ["connect-node with gRPC", connectNode((options) => createGrpcTransport(options))],
  [
    "connect-node with gRPC-Web",
    connectNode((options) => createGrpcWebTransport({ httpVersion: "2", ...options })),
  ],
  [
    "connect-node with Connect",
    connectNode((options) => createConnectTransport({ httpVersion: "2", ...options })),
  ],
];

test.each(overHttp2)(
  "loses no call of %s when connections reach their max age",
  async (_, open) => {
    const server = await start({ connectionLimits });
    expect(await callAllAlong(server, 8, open(server.url, undefined))).toEqual([]);
  },
);

test.each(overHttp2)(
  "loses no call of %s over TLS when connections reach their max age",
  async (_, open) => {
    const { server: tls, ca } = await createCertificates();
    const server = await start({ connectionLimits, tls });
    expect(await callAllAlong(server, 8, open(server.url, ca.cert))).toEqual([]);
  },
);

test.each([
  [
    "connect-node",
    connectNode((options) => createConnectTransport({ httpVersion: "1.1", ...options })),
  ],
  ["fetch", overFetch],
])("loses no call of %s over HTTP/1.1 when connections reach their max age", async (_, open) => {
  const server = await start({ connectionLimits });
  // Each of the twelve concurrent callers has its own connection.
  expect(await callAllAlong(server, 60, open(server.url, undefined))).toEqual([]);
});
