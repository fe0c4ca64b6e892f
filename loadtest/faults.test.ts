import { createServer as createHttp2Server, type ServerHttp2Stream } from "node:http2";
import { createServer as createTcpServer } from "node:net";
import { runCommand, startCommand } from "@unblock/test/cli";
import { startGhzWeb } from "@unblock/test/ghz-web";
import { listen, type TestEndpoint } from "@unblock/test/listen";
import { hasProgram } from "@unblock/test/programs";
import { afterAll, describe, expect, test, vi } from "vitest";

const until = (isTrue: () => boolean) => vi.waitUntil(isTrue, { timeout: 30_000, interval: 20 });

/** Exit codes of a good run. On a busy machine the client may have been the limit (3). */
const goodOrBusy = [0, 3];
/** Exit codes of a run without a successful call, by the same reasoning. */
const failedOrBusy = [1, 3];
const endpoints: TestEndpoint[] = [];
afterAll(async () => {
  await Promise.all(endpoints.map((endpoint) => endpoint.close()));
});

/** A gRPC server with a handler for each call. */
async function serve(onStream: (stream: ServerHttp2Stream) => void, port = 0) {
  const server = createHttp2Server();
  server.on("stream", (stream: ServerHttp2Stream) => {
    stream.on("error", () => {});
    onStream(stream);
  });
  server.on("sessionError", () => {});
  const endpoint = await listen(server, { port });
  endpoints.push(endpoint);
  return endpoint;
}

function respond(stream: ServerHttp2Stream): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(Buffer.alloc(5));
}

const ping = (url: string, ...args: string[]) => [
  ...["loadtest/main.ts", "Ping", "--url", url, "--json", ...args],
];
const loadtest = (url: string, ...args: string[]) =>
  runCommand(process.execPath, ping(url, ...args));

test("a missing server is reported", async () => {
  const endpoint = await serve(respond);
  await endpoint.close();
  endpoints.pop();
  const { code, stdout, stderr } = await loadtest(endpoint.url);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/^error: .*ECONNREFUSED/);
});

test("a server that restarts is called again, and lost calls are counted", async () => {
  let responses = 0;
  const counting = (stream: ServerHttp2Stream) => {
    responses++;
    respond(stream);
  };
  const endpoint = await serve(counting);
  const run = startCommand(
    process.execPath,
    ping(endpoint.url, "--rate", "100", "--duration", "4s", "--connections", "2"),
  );
  await until(() => run.stderr().includes("1 of 4 s"));
  await endpoint.close();
  endpoints.pop();
  await until(() => run.stderr().includes("2 of 4 s"));
  await serve(counting, endpoint.port);
  await run.exited;
  const { count, statusCodeDistribution } = JSON.parse(run.stdout());
  const { OK, Unavailable, ...others } = statusCodeDistribution;
  expect(others).toEqual({});
  expect(Unavailable).toBeGreaterThan(0);
  // Each call is counted once.
  expect(count).toBe(400);
  expect(OK + Unavailable).toBe(400);
  expect(OK).toBeLessThanOrEqual(responses);
  expect(OK).toBeGreaterThan(100);
});

test("calls to a silent server end at their deadline", async () => {
  const { url } = await serve(() => {});
  const { code, stdout } = await loadtest(
    url,
    ...["--requests", "4", "--concurrency", "2", "--timeout", "100ms"],
  );
  expect(failedOrBusy).toContain(code);
  expect(JSON.parse(stdout).statusCodeDistribution).toEqual({ DeadlineExceeded: 4 });
});

test("calls without a response at an interruption count as failed", async () => {
  let calls = 0;
  const { url } = await serve((stream) => {
    calls++;
    if (calls <= 5) {
      respond(stream);
    }
  });
  const run = startCommand(
    process.execPath,
    ping(url, "--duration", "60s", "--concurrency", "3", "--timeout", "0s"),
  );
  await until(() => calls >= 8 && run.stderr().includes("1 of 60 s"));
  run.child.kill("SIGINT");
  expect(goodOrBusy).toContain(await run.exited);
  const { count, statusCodeDistribution, unblock } = JSON.parse(run.stdout());
  expect({ count, statusCodeDistribution }).toEqual({
    count: 8,
    statusCodeDistribution: { OK: 5, Canceled: 3 },
  });
  expect(unblock.unfinished).toBe(3);
});

test("a server that sends GOAWAY is reconnected, and rejected calls are counted", async () => {
  let taken = 0;
  const endpoint = await serve((stream) => {
    taken++;
    if (taken % 10 === 0) {
      stream.session?.goaway();
    }
    respond(stream);
  });
  const { stdout } = await loadtest(endpoint.url, "--requests", "100", "--concurrency", "4");
  const { count, statusCodeDistribution, errorDistribution } = JSON.parse(stdout);
  const { OK, Unavailable = 0, ...others } = statusCodeDistribution;
  expect(others).toEqual({});
  expect(count).toBe(100);
  expect(OK + Unavailable).toBe(100);
  expect(OK).toBeGreaterThan(50);
  for (const message of Object.keys(errorDistribution)) {
    expect(message).toContain("(NO_ERROR)");
  }
  expect(endpoint.connections()).toBeGreaterThan(3);
});

test("calls to a server that violates HTTP/2 fail as internal", async () => {
  const server = createTcpServer((socket) => {
    // Valid settings, then a frame that is too large in response to requests.
    socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
    let received = 0;
    socket.on("data", (chunk) => {
      received += chunk.length;
      if (received > 150) {
        socket.write(Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1]));
      }
    });
  });
  const endpoint = await listen(server);
  endpoints.push(endpoint);
  const { code, stdout } = await loadtest(endpoint.url, "--requests", "3", "--concurrency", "1");
  expect(failedOrBusy).toContain(code);
  const { statusCodeDistribution, errorDistribution } = JSON.parse(stdout);
  expect(statusCodeDistribution).toEqual({ Internal: 3 });
  expect(Object.keys(errorDistribution).join()).toContain("16777215");
});

test("a server of HTTP/1.1 is recognised", async () => {
  const server = createTcpServer((socket) =>
    socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")),
  );
  const endpoint = await listen(server);
  endpoints.push(endpoint);
  const { code, stderr } = await loadtest(endpoint.url);
  expect(code).toBe(1);
  expect(stderr).toMatch(/"HTTP\/1.1 400 Bad Request".*--http 1.1/);
});

describe.skipIf(!hasProgram("ghz-web"))("ghz-web", () => {
  test("receives the report, and its URL is printed", async () => {
    const { url } = await serve(respond);
    const ghzWeb = await startGhzWeb();
    try {
      const { code, stderr } = await loadtest(
        url,
        ...["--requests", "10", "--publish", ghzWeb.url, "--project", "pings"],
      );
      expect(goodOrBusy).toContain(code);
      const [, id] = /published: \S+\/reports\/(\d+)\n/.exec(stderr) ?? [];
      expect(await ghzWeb.get(`reports/${id}/`)).toMatchObject({ count: 10, status: "ok" });
    } finally {
      await ghzWeb.close();
    }
  });

  test("that is down does not suppress the report", async () => {
    const { url } = await serve(respond);
    const closed = await serve(respond);
    await closed.close();
    endpoints.pop();
    const { code, stdout, stderr } = await loadtest(
      url,
      "--requests",
      "10",
      "--publish",
      closed.url,
    );
    expect(code).toBe(1);
    expect(JSON.parse(stdout).count).toBe(10);
    expect(stderr).toContain("ECONNREFUSED");
  });
});
