import { readFileSync, statSync } from "node:fs";
import { findSourceMap, SourceMap, type SourceMapPayload } from "node:module";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { provideText, textOfFile } from "./source.ts";
import type { Position } from "./stack.ts";

/** A location in the source that the file that Node runs was made of. */
export interface Original extends Position {
  /** Path, or a URL of a bundler such as "webpack://shop/src/users.ts". */
  readonly file: string;
  /** Name there before minification; undefined if the map does not say. */
  readonly name: string | undefined;
}

interface LoadedMap {
  readonly map: SourceMap;
  /** Folder that the paths in it are relative to. */
  readonly folder: string;
}

const maxBytes = 64 * 1_024 * 1_024;
const maps = new Map<string, LoadedMap | undefined>();

/**
 * Finds the source of a location in a file by the file's source map; undefined if there is none.
 *
 * @see https://tc39.es/ecma426/
 */
export function originalOf(file: string, { line, column }: Position): Original | undefined {
  if (!maps.has(file)) {
    maps.set(file, loadMap(file));
  }
  const loaded = maps.get(file);
  if (loaded === undefined) {
    return undefined;
  }
  const entry = loaded.map.findEntry(line - 1, column - 1);
  // If the line has no mapping before the column, Node returns the last one of the line before.
  if (!("originalSource" in entry) || !entry.originalSource || entry.generatedLine !== line - 1) {
    return undefined;
  }
  return {
    file: pathOf(entry.originalSource, loaded),
    line: entry.originalLine + 1,
    column: entry.originalColumn + 1,
    name: "name" in entry && typeof entry.name === "string" ? entry.name : undefined,
  };
}

function loadMap(file: string): LoadedMap | undefined {
  try {
    // With --enable-source-maps Node has the map, also of code that it compiles itself.
    const known = findSourceMap(file);
    const read = known ? { payload: known.payload, folder: dirname(file) } : readMap(file);
    if (read === undefined) {
      return undefined;
    }
    const { payload, folder } = read;
    const loaded = { map: new SourceMap(payload), folder };
    // A map in sections has no sources of its own.
    payload.sources?.forEach((source, at) => {
      const text = payload.sourcesContent?.[at];
      if (typeof text === "string") {
        provideText(pathOf(source, loaded), text);
      }
    });
    return loaded;
  } catch {
    // Missing or invalid: then the line is that of the file itself.
    return undefined;
  }
}

function readMap(file: string): { payload: SourceMapPayload; folder: string } | undefined {
  // The last one counts: a bundle may contain others.
  const url = [...textOfFile(file).matchAll(/^\/\/[#@] ?sourceMappingURL=(\S+)\s*$/gm)].at(-1)?.[1];
  if (url === undefined) {
    return undefined;
  }
  if (url.startsWith("data:")) {
    return { payload: JSON.parse(readDataUrl(url)), folder: dirname(file) };
  }
  const path = toPath(url, dirname(file));
  if (statSync(path).size > maxBytes) {
    return undefined;
  }
  return { payload: JSON.parse(readFileSync(path, "utf8")), folder: dirname(path) };
}

/** @see https://www.rfc-editor.org/rfc/rfc2397 */
function readDataUrl(url: string): string {
  const comma = url.indexOf(",");
  const data = decodeURIComponent(url.slice(comma + 1));
  return url.slice(0, comma).endsWith(";base64") ? Buffer.from(data, "base64").toString() : data;
}

function pathOf(source: string, { map, folder }: LoadedMap): string {
  const root = map.payload.sourceRoot ?? "";
  const full = root === "" || isUrl(source) ? source : `${root.replace(/\/$/, "")}/${source}`;
  return isUrl(full) && !full.startsWith("file:") ? full : toPath(full, folder);
}

function toPath(urlOrPath: string, folder: string): string {
  return urlOrPath.startsWith("file:") ? fileURLToPath(urlOrPath) : resolve(folder, urlOrPath);
}

function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
}
