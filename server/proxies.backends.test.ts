import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { openConnection } from "@unblock/client/client";
import { ExercisesService } from "@unblock/proto/gen/exercises";
import { VitalsService } from "@unblock/proto/gen/vitals";
import { type RunningCommand, runCommand, startCommand } from "@unblock/test/cli";
import { temporaryFolder } from "@unblock/test/folder";
import { freePort } from "@unblock/test/listen";
import { hasProgram } from "@unblock/test/programs";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

const waitOptions = { timeout: 20_000, interval: 50 };

/** A proxy in front of the server, which speaks HTTP/2 in cleartext to both sides. */
interface Proxy {
  readonly program: string;
  config(listenPort: number, serverPort: number, folder: string): string;
  args(configPath: string): readonly string[];
}

const proxies: readonly Proxy[] = [
  {
    program: "nginx",
    config: (listenPort, serverPort, folder) => `
      daemon off;
      pid ${folder}/pid;
      error_log stderr;
      events {}
      http {
        access_log off;
        client_body_temp_path ${folder};
        server {
          listen 127.0.0.1:${listenPort} http2;
          location / {
            grpc_pass grpc://127.0.0.1:${serverPort};
          }
        }
      }`,
    args: (configPath) => ["-c", configPath],
  },
  {
    program: "haproxy",
    config: (listenPort, serverPort) => `
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
listen balanced
  bind 127.0.0.1:${listenPort} proto h2
  server one 127.0.0.1:${serverPort} proto h2
`,
    args: (configPath) => ["-f", configPath],
  },
];

describe.each(proxies.filter(({ program }) => hasProgram(program)))(
  "behind $program (skipped without it)",
  (proxy) => {
    let server: TestServer;
    const folder = temporaryFolder();
    let command: RunningCommand;
    let url: string;
    beforeAll(async () => {
      server = await startTestServer({ blockingThreads: 2 });
      const port = await freePort();
      const configPath = join(folder, "proxy.conf");
      writeFileSync(configPath, proxy.config(port, Number(new URL(server.url).port), folder));
      command = startCommand(proxy.program, proxy.args(configPath));
      url = `http://127.0.0.1:${port}`;
      const { transport, close } = openConnection({ baseUrl: url, protocol: "grpc" });
      await vi.waitUntil(
        () =>
          createClient(VitalsService, transport)
            .ping({})
            .then(() => true)
            .catch(() => false),
        waitOptions,
      );
      close();
    });
    afterAll(async () => {
      command.child.kill("SIGTERM");
      await command.exited;
      await server.close();
    });

    test("unary calls and streams over gRPC", async () => {
      const { transport, close } = openConnection({ baseUrl: url, protocol: "grpc" });
      const calls = Array.from({ length: 50 }, (_, index) =>
        createClient(ExercisesService, transport).getUser({ userId: index + 1 }),
      );
      const users = await Promise.all(calls);
      expect(users.map(({ userId }) => userId)).toEqual(calls.map((_, index) => index + 1));
      const vitals = createClient(VitalsService, transport).watchVitals({ intervalMs: 100 });
      const watch = vitals[Symbol.asyncIterator]();
      for (let received = 0; received < 3; received++) {
        expect(await watch.next()).toMatchObject({ done: false });
      }
      await watch.return?.();
      close();
    });

    test.skipIf(!hasProgram("ghz"))("ghz, which is a client in grpc-go", async () => {
      const { stdout } = await runCommand("ghz", [
        ...["--insecure", "--import-paths", "proto", "--proto", "unblock/v1/exercises.proto"],
        ...["--call", "unblock.v1.ExercisesService/GetUser", "-d", '{"user_id":1}'],
        ...["-c", "10", "-n", "100", "--connections", "2", "-O", "json"],
        new URL(url).host,
      ]);
      expect(JSON.parse(stdout)).toMatchObject({
        count: 100,
        statusCodeDistribution: { OK: 100 },
      });
    });

    test.skipIf(!hasProgram("grpcurl"))("grpcurl, with reflection", async () => {
      const { code, stdout } = await runCommand("grpcurl", [
        ...["-plaintext", "-d", '{"user_id":7}', new URL(url).host],
        "unblock.v1.ExercisesService/GetUser",
      ]);
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ user_id: 7 });
    });
  },
);
