import { readFile, stat } from "node:fs/promises";
import { extname } from "node:path";
import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { CsvError, parse } from "csv-parse/sync";
import type { LoadMethod } from "../drivers/driver.ts";
import { compileTemplate } from "./template.ts";

const maxBytes = 64 * 1_024 * 1_024;

/**
 * Reads requests from JSON lines, a JSON array, or CSV with a header line of field names ("user_id", or
 * "user.id" within another message). An empty cell omits its field.
 *
 * @returns each request as JSON; cells and lines may be templates
 * @throws Error that names the line
 */
export async function readDataFile(path: string, { input }: LoadMethod): Promise<string[]> {
  const info = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`Could not read ${path} (${error.code ?? error.message})`);
  });
  if (info.size > maxBytes) {
    throw new Error(`Expected ${path} of up to 64 MB, got ${info.size} bytes`);
  }
  const text = (await readFile(path, "utf8")).replace(/^\uFEFF/, "");
  const rows =
    extname(path).toLowerCase() === ".csv" ? readCsv(path, text, input) : readJson(path, text);
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
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${where}: expected a request as JSON, got something else (${reason})`);
  }
}

function readCsv(path: string, text: string, input: DescMessage): string[] {
  const [header, ...lines] = parseCsv(path, text);
  const columns = (header ?? []).map((name) => ({
    name,
    path: fieldPath(path, input, name.trim()),
  }));
  return lines.map((cells, at) => {
    const request = emptyObject();
    columns.forEach((column, index) => {
      const cell = cells[index] ?? "";
      if (cell !== "") {
        set(
          request,
          column.path,
          cellValue(column.path.at(-1), cell, `${path}, line ${at + 2}, ${column.name}`),
        );
      }
    });
    return JSON.stringify(request);
  });
}

function parseCsv(path: string, text: string): string[][] {
  try {
    return parse(text, { skip_empty_lines: true });
  } catch (error) {
    if (error instanceof CsvError) {
      throw new Error(`${path}: ${error.message}`);
    }
    throw error;
  }
}

interface JsonObject {
  [name: string]: unknown;
}

/** An object without inherited properties, because fields may be named `constructor` or `__proto__`. */
function emptyObject(): JsonObject {
  return Object.create(null);
}

/** Fields on the path "user.id". */
function fieldPath(path: string, input: DescMessage, name: string): DescField[] {
  const fields: DescField[] = [];
  let message: DescMessage | undefined = input;
  for (const part of name.split(".")) {
    const field: DescField | undefined = message?.fields.find(
      (one) => one.name === part || one.jsonName === part,
    );
    if (field === undefined) {
      const known = message?.fields.map((one) => one.name).join(", ") ?? "";
      const has = known === "" ? "no fields" : known;
      throw new Error(
        `${path}, line 1: there is no field "${name}"; ${(message ?? input).name} has ${has}`,
      );
    }
    fields.push(field);
    message = field.fieldKind === "message" ? field.message : undefined;
  }
  return fields;
}

function set(request: JsonObject, path: readonly DescField[], value: unknown): void {
  const [field, ...rest] = path;
  if (field === undefined) {
    return;
  }
  if (rest.length === 0) {
    request[field.jsonName] = value;
    return;
  }
  const inner = request[field.jsonName];
  const object = isObject(inner) ? inner : emptyObject();
  request[field.jsonName] = object;
  set(object, rest, value);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A cell as JSON. Protobuf's JSON accepts numbers as text, so they need no conversion. */
function cellValue(field: DescField | undefined, cell: string, where: string): unknown {
  if (field?.fieldKind === "scalar" && field.scalar === ScalarType.BOOL) {
    if (cell !== "true" && cell !== "false") {
      throw new Error(`${where}: expected true or false, got "${cell}"`);
    }
    return cell === "true";
  }
  if (field?.fieldKind === "list" || field?.fieldKind === "map") {
    return parseJson(cell, where);
  }
  if (field?.fieldKind === "message" && cell.startsWith("{")) {
    return parseJson(cell, where);
  }
  return cell;
}
