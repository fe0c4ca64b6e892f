import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { type Certificates, createCertificates } from "@unblock/test/certificates";
import { linesOf, type RunningCommand, startCommand } from "@unblock/test/cli";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

const waitOptions = { timeout: 50_000, interval: 50 };

let first: Certificates;
let second: Certificates;
beforeAll(async () => {
  [first, second] = await Promise.all([createCertificates(), createCertificates()]);
});

let folder: string;
let command: RunningCommand;
function stop(): void {
  command.child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
}

function write(where: string, { ca, server }: Certificates): void {
  mkdirSync(where, { recursive: true });
  writeFileSync(join(where, "tls.crt"), server.cert);
  writeFileSync(join(where, "tls.key"), server.key);
  writeFileSync(join(where, "ca.crt"), ca.cert);
}

/** @returns port of the server */
async function start(...flags: string[]): Promise<number> {
  command = startCommand(process.execPath, [
    ...["server/main.ts", "--port", "0", "--processes", "1", "--blocking-threads", "2"],
    ...["--tls-cert", join(folder, "tls.crt"), "--tls-key", join(folder, "tls.key"), ...flags],
  ]);
  const { stdout } = command;
  const url = await vi.waitUntil(() => /https:\/\/\S+/.exec(stdout())?.[0], waitOptions);
  return Number(new URL(url).port);
}

/** Whether a new connection gets a certificate of this authority and is accepted. */
async function servesWith({ ca }: Certificates, port: number, client?: Certificates["client"]) {
  const socket = connect({
    port,
    host: "127.0.0.1",
    ca: ca.cert,
    ALPNProtocols: ["http/1.1"],
    ...client,
  });
  // Closes without an error when the server rejects the client.
  socket.once("close", () => socket.emit("error", new Error("closed")));
  try {
    await once(socket, "secureConnect");
    // A client with an unknown certificate learns of it only afterwards.
    socket.write("GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    const [start]: Buffer[] = await once(socket, "data");
    return start?.toString().startsWith("HTTP/1.1 200") ?? false;
  } catch {
    return false;
  } finally {
    socket.on("error", () => {});
    socket.destroy();
  }
}

describe("without a client authority", () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tls-test-"));
  });
  afterEach(stop);

  test("rewritten certificates serve new connections, and existing ones continue", async () => {
    write(folder, first);
    const port = await start();
    const session = connectHttp2(`https://127.0.0.1:${port}`, { ca: first.ca.cert });
    await once(session, "connect");
    write(folder, second);
    await vi.waitUntil(() => servesWith(second, port), waitOptions);
    expect(await servesWith(first, port)).toBe(false);
    const stream = session.request({ ":path": "/metrics" });
    const [response] = await once(stream, "response");
    expect(response[":status"]).toBe(200);
    session.destroy();
    const { serialNumber } = new X509Certificate(second.server.cert);
    expect(linesOf(command.stderr())).toContainEqual(expect.stringContaining(serialNumber));
  });

  test("follows links that are replaced atomically, as by Kubernetes", async () => {
    // tls.crt -> ..data/tls.crt, ..data -> ..first: only ..data is replaced.
    write(join(folder, "..first"), first);
    symlinkSync("..first", join(folder, "..data"));
    for (const name of ["tls.crt", "tls.key"]) {
      symlinkSync(join("..data", name), join(folder, name));
    }
    const port = await start();
    expect(await servesWith(first, port)).toBe(true);
    write(join(folder, "..second"), second);
    symlinkSync("..second", join(folder, "..tmp"));
    renameSync(join(folder, "..tmp"), join(folder, "..data"));
    await vi.waitUntil(() => servesWith(second, port), waitOptions);
  });

  test.each([[[]], [["--replicas", "2"]]])("SIGHUP reloads them, with %j", async (flags) => {
    write(folder, first);
    const port = await start(...flags);
    for (const certificates of [second, first, second]) {
      write(folder, certificates);
      command.child.kill("SIGHUP");
      await vi.waitUntil(async () => {
        const served = [];
        for (let n = 0; n < 4; n++) {
          served.push(await servesWith(certificates, port));
        }
        return served.every((isServed) => isServed);
      }, waitOptions);
    }
    command.child.kill("SIGTERM");
    expect(await command.exited).toBe(0);
  });
});

describe("with a client authority", () => {
  let port: number;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "tls-test-"));
    write(folder, first);
    port = await start("--tls-client-ca", join(folder, "ca.crt"));
  });
  beforeEach(async () => {
    write(folder, first);
    command.child.kill("SIGHUP");
    await vi.waitUntil(() => servesWith(first, port, first.client), waitOptions);
  });
  afterAll(stop);

  test.each<[string, (where: string) => void]>([
    ["is no PEM", (where) => writeFileSync(join(where, "tls.crt"), "-----BEGIN")],
    ["is of another key", (where) => writeFileSync(join(where, "tls.crt"), second.server.cert)],
    ["is gone", (where) => rmSync(join(where, "tls.key"))],
    ["is empty", (where) => writeFileSync(join(where, "ca.crt"), "")],
  ])("the old certificates stay when a new file %s, which is logged once", async (_, spoil) => {
    const logged = command.stderr().length;
    spoil(folder);
    await vi.waitUntil(() => command.stderr().length > logged, waitOptions);
    command.child.kill("SIGHUP");
    expect(await servesWith(first, port, first.client)).toBe(true);
    expect(linesOf(command.stderr().slice(logged))).toHaveLength(1);
    write(folder, second);
    command.child.kill("SIGHUP");
    await vi.waitUntil(() => servesWith(second, port, second.client), waitOptions);
  });

  test("applies another client authority", async () => {
    writeFileSync(join(folder, "ca.crt"), second.ca.cert);
    await vi.waitUntil(() => servesWith(first, port, second.client), waitOptions);
    expect(await servesWith(first, port, first.client)).toBe(false);
    expect(await servesWith(first, port)).toBe(false);
  });
});
