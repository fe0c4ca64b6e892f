import { extname, resolve } from "node:path";
import { reasonOf } from "@unblock/errors/failure";
import { type Paint, paintFor, plainPaint } from "@unblock/terminal/text";
import { assertWritable, replaceFile } from "../files.ts";
import { renderHtml } from "./html/html.ts";
import type { FullReport } from "./report.ts";
import { renderTable } from "./table.ts";

const formats = ["table", "json", "html"] as const;
export type Format = (typeof formats)[number];
const extensions = { table: ".txt", json: ".json", html: ".html" } as const;

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
  const wanted = output
    .flatMap((text) => text.split(","))
    .map((text) =>
      expectFormat(`Expected --output to be ${formats.join(", ")}, got "${text}"`, text),
    );
  const onScreen: Output = { format: json ? "json" : "table", file: undefined };
  if (outputFile.length > 0) {
    const files = pairFiles(wanted, outputFile);
    if (new Set(files.map(({ file }) => resolve(file))).size < files.length) {
      throw new Error("Expected a different --output-file for each output, got one twice");
    }
    return [onScreen, ...files];
  }
  const [format = onScreen.format, ...more] = wanted;
  if (more.length > 0 || format === "html") {
    throw new Error("Expected --output-file for HTML and for several outputs");
  }
  if (json && format !== "json") {
    throw new Error(`Expected --json or --output ${format}, got both`);
  }
  return [{ format, file: undefined }];
}

function pairFiles(
  wanted: readonly Format[],
  files: readonly string[],
): { readonly format: Format; readonly file: string }[] {
  const [first = ""] = files;
  if (wanted.length === 0) {
    return files.map((file) => {
      const extension = extname(file).toLowerCase();
      const found = formats.find((one) => extensions[one] === extension);
      return { format: expectFormat(`Expected --output for ${file}`, found), file };
    });
  }
  if (files.length === 1 && wanted.length > 1) {
    const stem = first.slice(0, first.length - extname(first).length);
    return wanted.map((format) => ({ format, file: stem + extensions[format] }));
  }
  if (wanted.length !== files.length) {
    throw new Error(
      `Expected one --output-file, or one per --output (${wanted.length}), got ${files.length}`,
    );
  }
  return wanted.map((format, index) => ({ format, file: files[index] ?? first }));
}

function expectFormat(problem: string, text: string | undefined): Format {
  const format = formats.find((one) => one === text);
  if (format === undefined) {
    throw new Error(problem);
  }
  return format;
}

/** @throws Error that names the first file that can't be written */
export async function assertOutputs(outputs: readonly Output[]): Promise<void> {
  for (const { file } of outputs) {
    if (file !== undefined) {
      await assertWritable(file);
    }
  }
}

/**
 * Writes each output. A file that can't be written does not prevent the others.
 *
 * @throws Error that names the files that could not be written
 */
export async function writeOutputs(report: FullReport, outputs: readonly Output[]): Promise<void> {
  const problems: string[] = [];
  for (const { format, file } of outputs) {
    if (file === undefined) {
      const { stdout } = process;
      stdout.write(render(report, format, paintFor(stdout), stdout.columns));
      continue;
    }
    try {
      await replaceFile(file, render(report, format, plainPaint));
      process.stderr.write(`written: ${file}\n`);
    } catch (error) {
      problems.push(reasonOf(error));
    }
  }
  if (problems.length > 0) {
    throw new Error(problems.join("\n"));
  }
}

function render(report: FullReport, format: Format, paint: Paint, columns = 80): string {
  switch (format) {
    case "table":
      return renderTable(report, paint, columns);
    case "json":
      return `${JSON.stringify(report)}\n`;
    case "html":
      return renderHtml(report);
  }
}
