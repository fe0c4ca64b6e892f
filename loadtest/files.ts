import { constants } from "node:fs";
import { access, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** @throws Error that names the file and the system's error code */
export async function readGivenFile(path: string): Promise<Buffer> {
  return readFile(path).catch((error: unknown) => {
    throw new Error(`Could not read ${path} (${codeOf(error)})`);
  });
}

/**
 * Checks that a file can be written, before a long run.
 *
 * @throws Error that names the file
 */
export async function assertWritable(file: string): Promise<void> {
  await explainWrite(file, async () => {
    const { path, isReplaced } = await targetOf(file);
    await access(isReplaced ? dirname(path) : path, constants.W_OK);
  });
}

/**
 * Writes a file completely or not at all.
 *
 * @throws Error that names the file
 */
export async function replaceFile(file: string, text: string): Promise<void> {
  await explainWrite(file, async () => {
    const { path, isReplaced } = await targetOf(file);
    if (!isReplaced) {
      await writeFile(path, text);
      return;
    }
    const temporary = `${path}.${process.pid}.part`;
    try {
      await writeFile(temporary, text);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  });
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

async function explainWrite(file: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    throw new Error(`Could not write ${file} (${codeOf(error)})`);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
