import { existsSync, readFileSync, renameSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { asideName, shown } from "./files.ts";
import { withLock } from "./lock.ts";

/** A state as read from its file. */
export interface Loaded<State> {
  readonly state: State;
  /** That the file was damaged, and where it is now. */
  readonly notice: string | undefined;
}

/** What a state file holds. */
export interface StateKind<State> {
  /** The state when there is no file. */
  readonly fresh: State;
  /** @throws Error when its argument is not a state */
  parse(json: unknown): State;
}

/** Larger files are not ours. */
const maxBytes = 4_000_000;

/** Reads a state. A file that holds none is moved aside and reported, and the state is a fresh one. */
export function loadState<State>(path: string, kind: StateKind<State>): Loaded<State> {
  return existsSync(path)
    ? stateOf(path, readFileSync(path), kind)
    : { state: kind.fresh, notice: undefined };
}

/** The same, without blocking the thread. */
export async function readState<State>(
  path: string,
  kind: StateKind<State>,
): Promise<Loaded<State>> {
  try {
    return stateOf(path, await readFile(path), kind);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      return { state: kind.fresh, notice: undefined };
    }
    throw error;
  }
}

/**
 * Changes a state that other processes may change at the same moment: reads it, applies `change` and
 * replaces the file, all under a lock. A reader, also after a crash, finds the old state or the new one.
 */
export async function changeState<State>(
  path: string,
  kind: StateKind<State>,
  change: (state: State) => State,
): Promise<Loaded<State>> {
  await mkdir(dirname(path), { recursive: true });
  return withLock(path, async () => {
    const { state, notice } = await readState(path, kind);
    const changed = change(state);
    if (changed !== state) {
      const draft = `${path}.draft`;
      await writeFile(draft, `${JSON.stringify(changed, undefined, 2)}\n`);
      await rename(draft, path);
    }
    return { state: changed, notice };
  });
}

function stateOf<State>(
  path: string,
  bytes: Buffer,
  { parse, fresh }: StateKind<State>,
): Loaded<State> {
  try {
    if (bytes.length > maxBytes) {
      throw new Error(`expected at most ${maxBytes} bytes, got ${bytes.length}`);
    }
    return { state: parse(JSON.parse(bytes.toString("utf8"))), notice: undefined };
  } catch (error) {
    const aside = asideName(dirname(path), basename(path), new Date());
    renameSync(path, aside);
    const problem = error instanceof Error ? error.message : String(error);
    return {
      state: fresh,
      notice: `${shown(path)} was damaged (${problem}). It is kept as ${shown(aside)}; this begins anew.`,
    };
  }
}

/** @throws Error when it is not an object */
export function record(json: unknown, what: string): Record<string, unknown> {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new Error(`expected ${what} to be an object, got ${quoted(json)}`);
  }
  return { ...json };
}

/** A value as a message shows it. */
export function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
