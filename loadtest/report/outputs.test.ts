import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { makeReport } from "../../testing/reports.ts";
import { assertWritable, type OutputFlags, planOutputs, writeOutputs } from "./outputs.ts";
import { readReport } from "./read.ts";

const report = makeReport([{ latenciesMs: [1, 2, 3] }]);
const flags = (output: string[], outputFile: string[] = [], json = false): OutputFlags => ({
  output,
  outputFile,
  json,
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "unblock-outputs-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("the plan", () => {
  test.each([
    [flags([]), [["table", undefined]]],
    [flags(["json"]), [["json", undefined]]],
    [flags([], [], true), [["json", undefined]]],
    [
      flags([], ["a.json", "b.html", "c.txt"]),
      [
        ["table", undefined],
        ["json", "a.json"],
        ["html", "b.html"],
        ["table", "c.txt"],
      ],
    ],
    [
      flags(["html"], ["report.page"]),
      [
        ["table", undefined],
        ["html", "report.page"],
      ],
    ],
    [
      flags(["json", "html,table"], ["run.x"], true),
      [
        ["json", undefined],
        ["json", "run.json"],
        ["html", "run.html"],
        ["table", "run.txt"],
      ],
    ],
  ])("of %j is %j", (given, planned) => {
    expect(planOutputs(given).map(({ format, file }) => [format, file])).toEqual(planned);
  });

  test.each([
    [flags(["pdf"]), 'Expected --output to be table, json, html, got "pdf"'],
    [flags(["html"]), "Expected --output-file FILE.html for HTML"],
    [flags(["json", "table"]), "Expected --output-file for several outputs"],
    [flags(["table"], [], true), "Expected --json or --output table, got both"],
    [flags([], ["run"]), "for run, whose name does not tell"],
    [flags(["json", "html", "table"], ["a", "b"]), "Expected one --output-file, or one for each"],
    [flags(["json", "html"], ["a", "./a"]), "Expected each output in a file of its own"],
  ])("of %j is refused", (given, message) => {
    expect(() => planOutputs(given)).toThrow(message);
  });
});

describe("files", () => {
  const to = (format: "json" | "html" | "table", name: string) => ({
    format,
    file: join(folder, name),
  });
  beforeEach(async () => {
    await rm(folder, { recursive: true });
    await mkdir(folder);
  });

  test("are written whole, each in its form, and nothing else is left", async () => {
    await writeFile(join(folder, "run.json"), "what was there before");
    const outputs = [to("json", "run.json"), to("html", "run.html"), to("table", "run.txt")];
    await assertWritable(outputs);
    expect(await readdir(folder)).toEqual(["run.json"]);
    await writeOutputs(report, outputs);
    expect((await readdir(folder)).sort()).toEqual(["run.html", "run.json", "run.txt"]);
    expect(await readReport(join(folder, "run.json"))).toEqual(report);
    expect(await readFile(join(folder, "run.html"), "utf8")).toMatch(/^<!doctype html>/);
    expect(await readFile(join(folder, "run.txt"), "utf8")).toContain("3 OK");
  });

  test("that links point to are replaced, not the links", async () => {
    await writeFile(join(folder, "real.json"), "");
    await symlink(join(folder, "real.json"), join(folder, "link.json"));
    await writeOutputs(report, [to("json", "link.json")]);
    expect(await readReport(join(folder, "real.json"))).toEqual(report);
    expect((await readdir(folder)).sort()).toEqual(["link.json", "real.json"]);
  });

  test("that are devices are written to, and stay devices", async () => {
    await assertWritable([{ format: "json", file: "/dev/null" }]);
    await writeOutputs(report, [{ format: "json", file: "/dev/null" }]);
    expect(await readFile("/dev/null", "utf8")).toBe("");
  });

  test("that can't be written are told before, and keep the others from nothing after", async () => {
    await mkdir(join(folder, "folder"));
    const missing = to("json", "none/run.json");
    const isFolder = to("json", "folder");
    await expect(assertWritable([missing])).rejects.toThrow("there is no such folder (ENOENT)");
    await expect(assertWritable([isFolder])).rejects.toThrow("it is a folder (EISDIR)");
    const outputs = [missing, to("json", "good.json"), isFolder];
    const failure = await writeOutputs(report, outputs).catch((error: Error) => error.message);
    expect(failure).toContain(`Could not write ${missing.file}: there is no such folder`);
    expect(failure).toContain(`Could not write ${isFolder.file}: it is a folder`);
    expect((await readdir(folder)).sort()).toEqual(["folder", "good.json"]);
  });

  const canMount = process.platform === "linux" && process.getuid?.() === 0;
  test.skipIf(!canMount)(
    "that a full disk has no room for are told, and no half is left",
    async () => {
      const disk = join(folder, "disk");
      await mkdir(disk);
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=16k", "tmpfs", disk]);
      try {
        const outputs = [to("html", "disk/run.html"), to("json", "here.json")];
        await assertWritable(outputs);
        await expect(writeOutputs(report, outputs)).rejects.toThrow(
          /Could not write .*run.html: no space is left on the device \(ENOSPC\)/,
        );
        expect(await readdir(disk)).toEqual([]);
        expect(await readReport(join(folder, "here.json"))).toEqual(report);
      } finally {
        execFileSync("umount", [disk]);
      }
    },
  );
});
