import { readFileSync } from "node:fs";
import { join } from "node:path";
import { trace } from "@opentelemetry/api";
import { createUnblockClient } from "@unblock/client/client";
import { startCommand } from "@unblock/test/cli";
import { temporaryFolder } from "@unblock/test/folder";
import { registerTelemetry } from "@unblock/test/telemetry";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { loadTracing } from "./tracing.ts";

const root = new URL("../../../", import.meta.url).href;
const waitOptions = { timeout: 20_000, interval: 20 };
const logImports = new URL(import.meta.resolve("@unblock/test/log-imports")).href;
const printSpans = new URL(import.meta.resolve("@unblock/test/print-spans")).href;

describe("a server", () => {
  let folder: string;
  beforeEach(() => {
    folder = temporaryFolder();
  });

  /**
   * Starts a server with these preloads and calls it. Returns its output, and the imports of OpenTelemetry by
   * its own modules; prom-client loads OpenTelemetry's API as well.
   */
  const serveWith = async (...preloads: string[]) => {
    const file = join(folder, "imports");
    const flags = preloads.flatMap((preload) => ["--import", preload]);
    const { child, exited, stdout } = startCommand(
      process.execPath,
      [...flags, "server/main.ts", "--port", "0", "--cpu-workers", "1", "--processes", "1"],
      { IMPORT_LOG: file },
    );
    try {
      const url = await vi.waitUntil(() => /http:\/\/\S+/.exec(stdout())?.[0], waitOptions);
      const client = createUnblockClient({ baseUrl: url });
      await client.getWeather({ city: "london" });
      await createUnblockClient({ baseUrl: url, strategy: "blocking-pool" }).getWeather({
        city: "oslo",
      });
      await client.trackEvent({ event: "page_view", userId: 1 });
    } finally {
      child.kill("SIGTERM");
    }
    expect(await exited).toBe(0);
    const imports = readFileSync(file, "utf8")
      .split("\n")
      .map((line) => line.split(" ").map((url) => url.replace(root, "")))
      .map(([parent = "", imported = ""]) => ({ parent, imported }))
      .filter(({ parent }) => /^(server|packages|backends|exercises)\//.test(parent));
    // Shows that imports were logged at all.
    expect(imports).toContainEqual({
      parent: "server/server.ts",
      imported: "server/handler.ts",
    });
    return {
      stdout: stdout(),
      tracing: imports.filter(({ imported }) => imported.includes("@opentelemetry")),
    };
  };

  test("loads nothing of OpenTelemetry without a registered SDK", async () => {
    expect((await serveWith(logImports)).tracing).toEqual([]);
  });

  test("traces its calls with an SDK registered before the start", async () => {
    const { stdout, tracing } = await serveWith(logImports, printSpans);
    expect(tracing).toEqual([
      {
        parent: "packages/connect/observability/opentelemetry.ts",
        imported: expect.stringContaining("/@opentelemetry/api/"),
      },
    ]);
    expect(stdout.match(/ExercisesService\/(GetWeather|TrackEvent)',\n {2}id/g)).toHaveLength(3);
  });
});

describe("a registered SDK", () => {
  const registryKey = Symbol.for("opentelemetry.js.api.1");
  afterEach(() => {
    trace.disable();
    Reflect.deleteProperty(globalThis, registryKey);
  });

  test("is not used without traces", async () => {
    Reflect.set(globalThis, registryKey, { version: "1.10.0", metrics: {} });
    expect(await loadTracing(expect.unreachable)).toBeUndefined();
  });

  test("is not used with an older API, which is logged", async () => {
    Reflect.set(globalThis, registryKey, { version: "1.9.0", trace: {} });
    const logged: string[] = [];
    expect(await loadTracing((message) => logged.push(message))).toBeUndefined();
    expect(logged).toEqual([
      expect.stringMatching(/^Calls are not traced: .* version 1\.9\.0 of @opentelemetry\/api, /),
    ]);
  });

  test("is used otherwise", async () => {
    const telemetry = registerTelemetry();
    expect(await loadTracing(expect.unreachable)).toBeDefined();
    telemetry.unregister();
  });
});
