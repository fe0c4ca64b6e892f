import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Code, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { LabService } from "@unblock/proto/gen/lab";
import { failureOf } from "@unblock/test/failures";
import { temporaryFolder } from "@unblock/test/folder";
import {
  beginRun,
  drain,
  firingOf,
  longLoad,
  runRace,
  shortRace,
  startTestLab,
  type TestLab,
} from "@unblock/test/lab";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

const waitOptions = { timeout: 20_000, interval: 20 };

describe("a run", () => {
  let server: TestLab;
  beforeAll(async () => {
    server = await startTestLab();
  });
  afterAll(() => server.close());

  test.each(["race", "load"] as const)(
    "of the kind %s has a process of its own, which ends with its caller",
    async (kind) => {
      const { runs } = await server.lab.listRuns({});
      const run = await beginRun(server, kind);
      expect(firingOf()).toHaveLength(1);
      run.cancel();
      await expect(drain(run)).rejects.toMatchObject({ code: Code.Canceled });
      await vi.waitUntil(() => firingOf().length === 0, waitOptions);
      expect((await server.lab.listRuns({})).runs).toEqual(runs);
    },
  );

  test("ends with its caller over HTTP/1.1 too, as browsers call", async () => {
    const transport = createConnectTransport({ baseUrl: server.url, httpVersion: "1.1" });
    const run = await beginRun({ lab: createClient(LabService, transport) }, "race");
    expect(firingOf()).toHaveLength(1);
    run.cancel();
    await expect(drain(run)).rejects.toMatchObject({ code: Code.Canceled });
    await vi.waitUntil(() => firingOf().length === 0, waitOptions);
  });

  test("can start right after a cancelled one", async () => {
    const run = await beginRun(server, "race");
    run.cancel();
    const events = await runRace(server, shortRace);
    expect(events.at(-1)?.case).toBe("saved");
  });

  test("is rejected while another is in progress, which continues", async () => {
    const run = await beginRun(server, "load");
    const rejected = {
      code: "resource_exhausted",
      error: "UNBLOCK_RUN_IN_PROGRESS",
      data: { other: "a load of H" },
    };
    expect(await failureOf(runRace(server, shortRace))).toEqual(rejected);
    const load = server.lab.load(longLoad);
    expect(await failureOf(load[Symbol.asyncIterator]().next())).toEqual(rejected);
    expect(firingOf()).toHaveLength(1);
    expect(await run.events.next()).toMatchObject({ done: false });
    run.cancel();
    await vi.waitUntil(() => firingOf().length === 0, waitOptions);
  });

  test("reports that its process was killed, and does not block the next run", async () => {
    const run = await beginRun(server, "race");
    process.kill(firingOf()[0] ?? 0, "SIGKILL");
    expect(await failureOf(drain(run))).toMatchObject({
      code: "unavailable",
      error: "UNBLOCK_RUN_FAILED",
      data: { reason: expect.stringContaining("SIGKILL") },
    });
    expect((await runRace(server, shortRace)).at(-1)?.case).toBe("saved");
  });
});

describe("the folder of runs", () => {
  let folder: string;
  beforeEach(() => {
    folder = temporaryFolder();
  });

  test("outlives its server", async () => {
    const first = await startTestLab({ runsFolder: folder });
    const last = (await runRace(first, shortRace)).at(-1);
    const { run } = await first.lab.getRun({ id: last?.case === "saved" ? last.value.id : "" });
    await first.close();
    expect(run?.summary?.exercise).toBe("H");

    const second = await startTestLab({ runsFolder: folder });
    expect((await second.lab.listRuns({})).runs).toEqual([run?.summary]);
    expect((await second.lab.getRun({ id: run?.summary?.id ?? "" })).run).toEqual(run);
    await second.close();
  });

  test("may be missing: a run is reported without an id", async () => {
    const runsFolder = join(folder, "a-file");
    await writeFile(runsFolder, "");
    const server = await startTestLab({ runsFolder });
    expect((await runRace(server, shortRace)).at(-1)).toMatchObject({
      case: "saved",
      // On a busy machine the summary may be inconclusive.
      value: { id: "", summary: expect.stringMatching(/\bparallel\b/) },
    });
    expect(server.logged).toEqual([expect.stringContaining(runsFolder)]);
    await server.close();
  });
});
