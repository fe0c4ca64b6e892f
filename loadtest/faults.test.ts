import { createServer as createHttp2Server, type ServerHttp2Stream } from "node:http2";
import { createServer as createTcpServer } from "node:net";
import { afterAll, describe, expect, test } from "vitest";
import { runCommand, startCommand } from "../testing/cli.ts";
import { startGhzWeb } from "../testing/ghz-web.ts";
import { listen, type TestEndpoint } from "../testing/listen.ts";
import { hasProgram } from "../testing/programs.ts";

/** On a machine that is busy with something else a run may say that it, and not the server, was slow. */
const goodOrBusy = [0, 3];
const endpoints: TestEndpoint[] = [];
afterAll(async () => {
  await Promise.all(endpoints.map((endpoint) => endpoint.close()));
});

/** A gRPC server that does with each call what it is told. */
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

function answer(stream: ServerHttp2Stream): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(Buffer.alloc(5));
}

const ping = (url: string, ...args: string[]) => [
  ...["loadtest/main.ts", "Ping", "--url", url, "--json", ...args],
];
const loadtest = (url: string, ...args: string[]) =>
  runCommand(process.execPath, ping(url, ...args));

test("a server that is not there is said", async () => {
  const endpoint = await serve(answer);
  await endpoint.close();
  endpoints.pop();
  const { code, stdout, stderr } = await loadtest(endpoint.url);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(
    /^error: .*nothing listens there; is the server running\? \(ECONNREFUSED\)/,
  );
});

test("a server that dies midway is called again when it is back, and what was lost is counted", async () => {
  let answered = 0;
  const counting = (stream: ServerHttp2Stream) => {
    answered++;
    answer(stream);
  };
  const endpoint = await serve(counting);
  const run = startCommand(
    process.execPath,
    ping(endpoint.url, "--rate", "100", "--duration", "4s", "--connections", "2"),
  );
  while (!run.stderr().includes("1 of 4 s")) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await endpoint.close();
  endpoints.pop();
  while (!run.stderr().includes("2 of 4 s")) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await serve(counting, endpoint.port);
  await run.exited;
  const { count, statusCodeDistribution, errorDistribution } = JSON.parse(run.stdout());
  const { OK, Unavailable, ...others } = statusCodeDistribution;
  expect(others).toEqual({});
  expect(Unavailable).toBeGreaterThan(0);
  // Nothing is lost, and nothing counted twice.
  expect(count).toBe(400);
  expect(OK + Unavailable).toBe(400);
  expect(OK).toBeLessThanOrEqual(answered);
  expect(OK).toBeGreaterThan(100);
  expect(Object.keys(errorDistribution).join()).toMatch(/nothing listens there|closed|lost/);
});

test("a server that never answers is given up at each call's deadline", async () => {
  const { url } = await serve(() => {});
  const { code, stdout, stderr } = await loadtest(
    url,
    ...["--requests", "4", "--concurrency", "2", "--timeout", "100ms"],
  );
  expect([1, 3]).toContain(code);
  expect(JSON.parse(stdout).statusCodeDistribution).toEqual({ DeadlineExceeded: 4 });
  expect(stderr).toMatch(/no call succeeded; the first: |the client was the limit/);
});

test("calls without a response when a person ends the load count as failed", async () => {
  let calls = 0;
  const { url } = await serve((stream) => {
    calls++;
    if (calls <= 5) {
      answer(stream);
    }
  });
  const run = startCommand(
    process.execPath,
    ping(url, "--duration", "60s", "--concurrency", "3", "--timeout", "0s"),
  );
  while (calls < 8 || !run.stderr().includes("1 of 60 s")) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  run.child.kill("SIGINT");
  expect(goodOrBusy).toContain(await run.exited);
  const { count, statusCodeDistribution, unblock } = JSON.parse(run.stdout());
  expect({ count, statusCodeDistribution }).toEqual({
    count: 8,
    statusCodeDistribution: { OK: 5, Canceled: 3 },
  });
  expect(unblock.unfinished).toBe(3);
});

test("a server that goes away is connected to anew, and what it did not take is told", async () => {
  let taken = 0;
  const endpoint = await serve((stream) => {
    taken++;
    if (taken % 10 === 0) {
      stream.session?.goaway();
    }
    answer(stream);
  });
  const { stdout } = await loadtest(endpoint.url, "--requests", "100", "--concurrency", "4");
  const { count, statusCodeDistribution, errorDistribution } = JSON.parse(stdout);
  const { OK, Unavailable = 0, ...others } = statusCodeDistribution;
  expect(others).toEqual({});
  expect(count).toBe(100);
  expect(OK + Unavailable).toBe(100);
  expect(OK).toBeGreaterThan(50);
  for (const message of Object.keys(errorDistribution)) {
    expect(message).toBe("The server is going away (NO_ERROR) and did not take the call");
  }
  expect(endpoint.connections()).toBeGreaterThan(3);
});

test("a server that sends nonsense fails its calls as internal, each with the reason", async () => {
  const server = createTcpServer((socket) => {
    // Settings as they should be; then, to whatever is asked, a frame that is too large.
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
  expect([1, 3]).toContain(code);
  const { statusCodeDistribution, errorDistribution } = JSON.parse(stdout);
  expect(statusCodeDistribution).toEqual({ Internal: 3 });
  expect(Object.keys(errorDistribution).join()).toMatch(/it sent a frame .*16,?777,?215/);
});

test("a server of HTTP/1.1 is told from one of HTTP/2", async () => {
  const server = createTcpServer((socket) =>
    socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")),
  );
  const endpoint = await listen(server);
  endpoints.push(endpoint);
  const { code, stderr } = await loadtest(endpoint.url);
  expect(code).toBe(1);
  expect(stderr).toContain('"HTTP/1.1 400 Bad Request"; try --http 1.1');
});

describe.skipIf(!hasProgram("ghz-web"))("ghz-web", () => {
  test("gets the report, and its address is printed", async () => {
    const { url } = await serve(answer);
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

  test("that is down keeps nobody from seeing the report", async () => {
    const { url } = await serve(answer);
    const closed = await serve(answer);
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
    expect(stderr).toContain("nothing listens there (ECONNREFUSED); is ghz-web running?");
  });
});
