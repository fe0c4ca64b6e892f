import { execFileSync } from "node:child_process";
import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@unblock/test/folder";
import { makeReport } from "@unblock/test/reports";
import { beforeEach, describe, expect, test } from "vitest";
import { assertOutputs, type OutputFlags, planOutputs, writeOutputs } from "./outputs.ts";
import { readReport } from "./read.ts";

const report = makeReport([{ latenciesMs: [1, 2, 3] }]);
const flags = (output: string[], outputFile: string[] = [], json = false): OutputFlags => ({
  output,
  outputFile,
  json,
});

const folder = temporaryFolder();

describe("a plan", () => {
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
    [flags(["pdf"])],
    [flags(["html"])],
    [flags(["json", "table"])],
    [flags(["table"], [], true)],
    [flags([], ["run"])],
    [flags(["json", "html", "table"], ["a", "b"])],
    [flags(["json", "html"], ["a", "./a"])],
  ])("of %j is rejected", (given) => {
    expect(() => planOutputs(given)).toThrow(/^Expected .*--(output|json)/);
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

  test("are written in their formats, and nothing else remains", async () => {
    await writeFile(join(folder, "run.json"), "what was there before");
    const outputs = [to("json", "run.json"), to("html", "run.html"), to("table", "run.txt")];
    await assertOutputs(outputs);
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

  test("that are devices are written to", async () => {
    await assertOutputs([{ format: "json", file: "/dev/null" }]);
    await writeOutputs(report, [{ format: "json", file: "/dev/null" }]);
    expect(await readFile("/dev/null", "utf8")).toBe("");
  });

  test("that can't be written are reported before, and do not prevent the others", async () => {
    await mkdir(join(folder, "folder"));
    const missing = to("json", "none/run.json");
    const isFolder = to("json", "folder");
    await expect(assertOutputs([missing])).rejects.toThrow("(ENOENT)");
    await expect(assertOutputs([isFolder])).rejects.toThrow("(EISDIR)");
    const outputs = [missing, to("json", "good.json"), isFolder];
    const failure = await writeOutputs(report, outputs).catch((error: Error) => error.message);
    expect(failure).toMatch(/none\/run\.json.*ENOENT/);
    expect(failure).toMatch(/folder.*EISDIR/);
    expect((await readdir(folder)).sort()).toEqual(["folder", "good.json"]);
  });

  const canMount = process.platform === "linux" && process.getuid?.() === 0;
  test.skipIf(!canMount)(
    "that do not fit on the disk are reported, and no part remains",
    async () => {
      const disk = join(folder, "disk");
      await mkdir(disk);
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=16k", "tmpfs", disk]);
      try {
        const outputs = [to("html", "disk/run.html"), to("json", "here.json")];
        await assertOutputs(outputs);
        await expect(writeOutputs(report, outputs)).rejects.toThrow(/run.html.*ENOSPC/);
        expect(await readdir(disk)).toEqual([]);
        expect(await readReport(join(folder, "here.json"))).toEqual(report);
      } finally {
        execFileSync("umount", [disk]);
      }
    },
  );
});
