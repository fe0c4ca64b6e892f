import { open, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { renderHtml } from "./html/html.ts";
import type { Report } from "./report.ts";
import { renderTable } from "./table.ts";

const formats = ["table", "json", "html"] as const;
export type Format = (typeof formats)[number];
const extensions: Readonly<Record<Format, string>> = {
  table: ".txt",
  json: ".json",
  html: ".html",
};

export interface OutputFlags {
  readonly output: readonly string[];
  readonly outputFile: readonly string[];
  readonly json?: boolean;
}

/** Format of a report and its destination: a file, or standard output if undefined. */
export interface Output {
  readonly format: Format;
  readonly file: string | undefined;
}

/**
 * Pairs formats and files. Without a file, one format goes to standard output, by default a table.
 * With as many files as formats they are paired in order; one file for several formats gets each
 * format's extension; files without formats have theirs by extension. With files, the table still
 * goes to standard output.
 *
 * @throws Error when the flags contradict each other
 */
export function planOutputs({ output, outputFile, json }: OutputFlags): Output[] {
  const wanted = output.flatMap((text) => text.split(",")).map(parseFormat);
  const onScreen: Output = { format: json ? "json" : "table", file: undefined };
  const [file] = outputFile;
  if (file !== undefined) {
    const files = pairFiles(wanted, outputFile, file);
    const paths = files.map((one) => resolve(one.file));
    const duplicate = paths.find((path, index) => paths.indexOf(path) !== index);
    if (duplicate !== undefined) {
      throw new Error(`Expected a different file for each output, got ${duplicate} twice`);
    }
    return [onScreen, ...files];
  }
  const [format = onScreen.format, ...more] = wanted;
  if (more.length > 0) {
    throw new Error("Expected --output-file for several outputs; standard output takes only one");
  }
  if (format === "html") {
    throw new Error("Expected --output-file FILE.html for HTML, which a terminal can't show");
  }
  if (json && format !== "json") {
    throw new Error(`Expected --json or --output ${format}, got both`);
  }
  return [{ format, file: undefined }];
}

function pairFiles(
  wanted: readonly Format[],
  files: readonly string[],
  first: string,
): { readonly format: Format; readonly file: string }[] {
  if (wanted.length === 0) {
    return files.map((file) => ({ format: formatOf(file), file }));
  }
  if (wanted.length === files.length) {
    return wanted.map((format, index) => ({ format, file: files[index] ?? first }));
  }
  if (files.length === 1) {
    const stem = first.slice(0, first.length - extname(first).length);
    return wanted.map((format) => ({ format, file: stem + extensions[format] }));
  }
  throw new Error(
    `Expected one --output-file, or one per --output (${wanted.length}), got ${files.length}`,
  );
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
      `Expected --output ${formats.join(", ")} for ${file}, whose extension names none`,
    );
  }
  return format;
}

/**
 * Checks that the files can be written, before a long run.
 *
 * @throws Error that names the file
 */
export async function assertWritable(outputs: readonly Output[]): Promise<void> {
  for (const { file } of outputs) {
    if (file !== undefined) {
      try {
        const target = await targetOf(file);
        if (target.isReplaced) {
          const temporary = temporaryName(target.path);
          const handle = await open(temporary, "w");
          await handle.close();
          await rm(temporary);
        }
      } catch (error) {
        throw cannotWrite(file, error);
      }
    }
  }
}

/**
 * Writes each output; a file is written completely or not at all. A file that can't be written does
 * not prevent the others.
 *
 * @throws Error that names the files that could not be written
 */
export async function writeOutputs(report: Report, outputs: readonly Output[]): Promise<void> {
  const problems: string[] = [];
  for (const { format, file } of outputs) {
    if (file === undefined) {
      const { stdout } = process;
      stdout.write(render(report, format, stdout.isTTY, stdout.columns));
      continue;
    }
    try {
      await replaceFile(file, render(report, format, false));
      process.stderr.write(`written: ${file}\n`);
    } catch (error) {
      problems.push(cannotWrite(file, error).message);
    }
  }
  if (problems.length > 0) {
    throw new Error(problems.join("\n"));
  }
}

function render(report: Report, format: Format, colour = false, columns = 80): string {
  switch (format) {
    case "table":
      return renderTable(report, { colour, columns });
    case "json":
      return `${JSON.stringify(report)}\n`;
    case "html":
      return renderHtml(report);
  }
}

/** A file's path and whether it can be replaced, which a device or a pipe can't. */
async function targetOf(file: string): Promise<{ path: string; isReplaced: boolean }> {
  // A link's target is replaced, not the link.
  const path = await realpath(file).catch(() => file);
  const info = await stat(path).catch(() => undefined);
  if (info?.isDirectory()) {
    throw Object.assign(new Error("a folder"), { code: "EISDIR" });
  }
  return { path, isReplaced: info === undefined || info.isFile() };
}

async function replaceFile(file: string, text: string): Promise<void> {
  const { path, isReplaced } = await targetOf(file);
  if (!isReplaced) {
    await writeFile(path, text);
    return;
  }
  const temporary = temporaryName(path);
  try {
    await writeFile(temporary, text);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function temporaryName(file: string): string {
  return `${file}.${process.pid}.part`;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "the folder does not exist",
  EACCES: "permission denied",
  EISDIR: "it is a folder",
  ENOSPC: "no space is left on the device",
  EROFS: "the file system is read-only",
};

function cannotWrite(file: string, error: unknown): Error {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  return new Error(`Could not write ${file}: ${reasons[code] ?? "the write failed"} (${code})`);
}
