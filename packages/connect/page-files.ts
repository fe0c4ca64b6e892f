import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";

export interface PageFile {
  readonly contentType: string;
  readonly cacheControl: string;
  readonly body: Buffer;
}

/** Files of the page by request path, such as "/" and "/assets/index-1a2b3c.js". */
export type PageFiles = ReadonlyMap<string, PageFile>;

const contentTypes: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};
const unknownType = "application/octet-stream";
/** Files whose names have a hash of their content. */
const hashedFolder = "/assets/";

/**
 * Reads all files of the built page, once: no file path is ever made from a request.
 *
 * @returns an empty map when the page is not built
 */
export async function readPage(folder: string): Promise<PageFiles> {
  const files = new Map<string, PageFile>();
  for (const path of await listFiles(folder)) {
    const name = `/${relative(folder, path).split(sep).join("/")}`;
    files.set(name === "/index.html" ? "/" : name, {
      contentType: contentTypes[extname(name)] ?? unknownType,
      cacheControl: name.startsWith(hashedFolder)
        ? "public, max-age=31536000, immutable"
        : "no-cache",
      body: await readFile(path),
    });
  }
  return files;
}

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") {
        return [];
      }
      throw error;
    },
  );
  // Without symbolic links, which may point anywhere.
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
