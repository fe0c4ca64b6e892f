import { stat } from "node:fs/promises";
import { extname } from "node:path";
import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { reasonOf } from "@unblock/errors/failure";
import { parse } from "csv-parse/sync";
import type { LoadMethod } from "../drivers/driver.ts";
import { readGivenFile } from "../files.ts";
import { compileTemplate } from "./requests.ts";

const maxBytes = 64 * 1_024 * 1_024;

/**
 * Reads requests from JSON lines, a JSON array, or CSV with a header line of field names ("user_id", or
 * "user.id" within another message). An empty cell omits its field.
 *
 * @returns each request as JSON; cells and lines may be templates
 * @throws Error that names the line
 */
export async function readDataFile(path: string, { input }: LoadMethod): Promise<string[]> {
  const size = await stat(path).then(
    (info) => info.size,
    () => 0,
  );
  if (size > maxBytes) {
    throw new Error(`Expected ${path} of up to 64 MB, got ${size} bytes`);
  }
  const text = (await readGivenFile(path)).toString().replace(/^\uFEFF/, "");
  const isCsv = extname(path).toLowerCase() === ".csv";
  const rows = isCsv ? readCsv(path, text, input) : readJson(path, text);
  if (rows.length === 0) {
    throw new Error(`Expected ${path} to have at least one request, got none`);
  }
  return rows;
}

function readJson(path: string, text: string): string[] {
  if (text.trimStart().startsWith("[")) {
    const rows = parseJson(text, path);
    return Array.isArray(rows) ? rows.map((row) => JSON.stringify(row)) : [];
  }
  return text.split(/\r?\n/).flatMap((line, at) => {
    if (line.trim() === "") {
      return [];
    }
    // A template is JSON only once its placeholders are replaced.
    if (compileTemplate(line).constant) {
      parseJson(line, `${path}, line ${at + 1}`);
    }
    return [line];
  });
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(
      `${where}: expected a request as JSON, got something else (${reasonOf(error)})`,
    );
  }
}

function readCsv(path: string, text: string, input: DescMessage): string[] {
  const [header = [], ...lines] = parseCsv(path, text);
  const columns = header.map((name) => fieldPath(path, input, name.trim()));
  return lines.map((cells, at) => {
    const request = emptyObject();
    columns.forEach((fields, index) => {
      const cell = cells[index] ?? "";
      if (cell !== "") {
        set(request, fields, cell, `${path}, line ${at + 2}, ${header[index]}`);
      }
    });
    return JSON.stringify(request);
  });
}

function parseCsv(path: string, text: string): string[][] {
  try {
    return parse(text, { skip_empty_lines: true });
  } catch (error) {
    throw new Error(`${path}: ${reasonOf(error)}`);
  }
}

interface JsonObject {
  [name: string]: unknown;
}

/** An object without inherited properties, because fields may be named `constructor` or `__proto__`. */
function emptyObject(): JsonObject {
  return Object.create(null);
}

function fieldPath(path: string, input: DescMessage, name: string): DescField[] {
  let message: DescMessage | undefined = input;
  return name.split(".").map((part) => {
    const fields: readonly DescField[] = message?.fields ?? [];
    const field = fields.find((one) => one.name === part || one.jsonName === part);
    if (field === undefined) {
      const known = fields.map((one) => one.name).join(", ") || "no fields";
      throw new Error(
        `${path}, line 1: there is no field "${name}"; ${(message ?? input).name} has ${known}`,
      );
    }
    message = field.fieldKind === "message" ? field.message : undefined;
    return field;
  });
}

function set(object: JsonObject, path: readonly DescField[], cell: string, where: string): void {
  const [field, ...rest] = path;
  if (field === undefined) {
    return;
  }
  const { jsonName } = field;
  if (rest.length === 0) {
    object[jsonName] = cellValue(field, cell, where);
    return;
  }
  const inner = isObject(object[jsonName]) ? object[jsonName] : emptyObject();
  object[jsonName] = inner;
  set(inner, rest, cell, where);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A cell as JSON. Protobuf's JSON accepts numbers as text, so they need no conversion. */
function cellValue(field: DescField, cell: string, where: string): unknown {
  const { fieldKind } = field;
  const isBoolean = fieldKind === "scalar" && field.scalar === ScalarType.BOOL;
  if (isBoolean && cell !== "true" && cell !== "false") {
    throw new Error(`${where}: expected true or false, got "${cell}"`);
  }
  const isJson =
    isBoolean ||
    fieldKind === "list" ||
    fieldKind === "map" ||
    (fieldKind === "message" && cell.startsWith("{"));
  return isJson ? parseJson(cell, where) : cell;
}
