import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { asideName, shown } from "./workspace.ts";

/** What was in a state file, and what there is to tell about it. */
export interface Loaded<State> {
  readonly state: State;
  /** That it was damaged, and where it is now. */
  readonly notice: string | undefined;
}

/**
 * Reads a state. A file that can't be read as one is kept aside, told about and begun anew.
 *
 * @param parse throws when what it gets is not a state
 */
export function loadState<State>(
  path: string,
  parse: (json: unknown) => State,
  fresh: State,
): Loaded<State> {
  if (!existsSync(path)) {
    return { state: fresh, notice: undefined };
  }
  try {
    return { state: parse(JSON.parse(readFileSync(path, "utf8"))), notice: undefined };
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

/** Whoever reads meanwhile, and whoever finds it after a crash, has the old state or the new one. */
export function saveState(path: string, state: unknown): void {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(state, undefined, 2)}\n`);
  renameSync(draft, path);
}

/** @throws Error when it is not an object */
export function record(json: unknown, what: string): Record<string, unknown> {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new Error(`expected ${what} to be an object, got ${told(json)}`);
  }
  return { ...json };
}

/** A value as a message tells it. */
export function told(value: unknown): string {
  return JSON.stringify(value) ?? "nothing";
}
