import { open, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { renderHtml } from "./html/html.ts";
import type { Report } from "./report.ts";
import { renderTable } from "./table.ts";

const formats = ["table", "json", "html"] as const;
export type Format = (typeof formats)[number];

/** Flags that say what a report is to become. */
export interface OutputFlags {
  readonly output: readonly string[];
  readonly outputFile: readonly string[];
  readonly json?: boolean;
}

/** A report's form and where it goes: a file, or standard output. */
export interface Output {
  readonly format: Format;
  readonly file: string | undefined;
}

const extensions: Readonly<Record<Format, string>> = {
  table: ".txt",
  json: ".json",
  html: ".html",
};

/**
 * What goes where. Without a file there is one output, on standard output: a table if nothing else
 * is said. As many files as outputs belong together in order; one file for several outputs gets each
 * one's extension; files alone tell by their extension. What goes to files does not keep people from
 * seeing the table.
 *
 * @throws Error when the flags do not go together
 */
export function planOutputs(flags: OutputFlags): Output[] {
  const outputs = pairOutputs(flags);
  const files = outputs.flatMap(({ file }) => (file === undefined ? [] : resolve(file)));
  const twice = files.find((file, at) => files.indexOf(file) !== at);
  if (twice !== undefined) {
    throw new Error(`Expected each output in a file of its own, got ${twice} twice`);
  }
  return outputs;
}

function pairOutputs({ output, outputFile, json }: OutputFlags): Output[] {
  const wanted = output.flatMap((text) => text.split(",")).map(parseFormat);
  const onScreen: Output = { format: json ? "json" : "table", file: undefined };
  const [file] = outputFile;
  if (file === undefined) {
    const [format, ...more] = wanted;
    if (more.length > 0) {
      throw new Error(
        "Expected --output-file for several outputs; only one goes to standard output",
      );
    }
    if (format === "html") {
      throw new Error("Expected --output-file FILE.html for HTML, which a terminal can't show");
    }
    if (json && format !== undefined && format !== "json") {
      throw new Error(`Expected --json or --output ${format}, got both`);
    }
    return [{ format: format ?? onScreen.format, file: undefined }];
  }
  if (wanted.length === 0) {
    return [onScreen, ...outputFile.map((one) => ({ format: formatOf(one), file: one }))];
  }
  if (wanted.length === outputFile.length) {
    return [onScreen, ...wanted.map((format, at) => ({ format, file: outputFile[at] }))];
  }
  if (outputFile.length === 1) {
    const stem = file.slice(0, file.length - extname(file).length);
    return [onScreen, ...wanted.map((format) => ({ format, file: stem + extensions[format] }))];
  }
  throw new Error(
    `Expected one --output-file, or one for each --output (${wanted.length}), got ${outputFile.length}`,
  );
}

/**
 * Tries whether the files can be written, before hours of work depend on it.
 *
 * @throws Error that names the file
 */
export async function assertWritable(outputs: readonly Output[]): Promise<void> {
  for (const { file } of outputs) {
    if (file !== undefined) {
      try {
        const target = await targetOf(file);
        if (target.isReplaced) {
          const beside = temporaryName(target.path);
          const handle = await open(beside, "w");
          await handle.close();
          await rm(beside);
        }
      } catch (error) {
        throw cannotWrite(file, error);
      }
    }
  }
}

/** Where a file is, and whether it can be replaced; a device or a pipe can only be written to. */
async function targetOf(file: string): Promise<{ path: string; isReplaced: boolean }> {
  // What a link points to is replaced, not the link.
  const path = await realpath(file).catch(() => file);
  const info = await stat(path).catch(() => undefined);
  if (info?.isDirectory()) {
    throw Object.assign(new Error("a folder"), { code: "EISDIR" });
  }
  return { path, isReplaced: info === undefined || info.isFile() };
}

async function writeWhole(file: string, text: string): Promise<void> {
  const { path, isReplaced } = await targetOf(file);
  if (!isReplaced) {
    await writeFile(path, text);
    return;
  }
  const beside = temporaryName(path);
  try {
    await writeFile(beside, text);
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

/**
 * Writes each output, files whole or not at all. What can't be written does not keep the others from
 * being.
 *
 * @throws Error that names the files that could not be written
 */
export async function writeOutputs(report: Report, outputs: readonly Output[]): Promise<void> {
  const problems: string[] = [];
  for (const { format, file } of outputs) {
    if (file === undefined) {
      const { stdout } = process;
      process.stdout.write(render(report, format, stdout.isTTY, stdout.columns));
      continue;
    }
    try {
      await writeWhole(file, render(report, format, false, undefined));
      process.stderr.write(`written: ${file}\n`);
    } catch (error) {
      problems.push(cannotWrite(file, error).message);
    }
  }
  if (problems.length > 0) {
    throw new Error(problems.join("\n"));
  }
}

function render(report: Report, format: Format, colour: boolean | undefined, columns = 80): string {
  switch (format) {
    case "table":
      return renderTable(report, { colour: colour === true, columns });
    case "json":
      return `${JSON.stringify(report)}\n`;
    case "html":
      return renderHtml(report);
  }
}

function parseFormat(text: string): Format {
  const format = formats.find((one) => one === text);
  if (format === undefined) {
    throw new Error(`Expected --output to be ${formats.join(", ")}, got "${text}"`);
  }
  return format;
}

function formatOf(file: string): Format {
  const extension = extname(file).toLowerCase();
  const format = formats.find((one) => extensions[one] === extension);
  if (format === undefined) {
    throw new Error(
      `Expected --output ${formats.join(", ")} for ${file}, whose name does not tell`,
    );
  }
  return format;
}

function temporaryName(file: string): string {
  return `${file}.${process.pid}.part`;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such folder",
  EACCES: "it is not allowed",
  EISDIR: "it is a folder",
  ENOSPC: "no space is left on the device",
  EROFS: "the file system is read-only",
};

function cannotWrite(file: string, error: unknown): Error {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  return new Error(`Could not write ${file}: ${reasons[code] ?? "it failed"} (${code})`);
}
