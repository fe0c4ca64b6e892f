import { isDeepStrictEqual } from "node:util";

/**
 * Applies to `theirs` what changed from `before` to `mine`: fields that did not change keep their
 * value of `theirs`. Two processes that change different fields both keep their change.
 */
export function merge<State extends object>(before: State, mine: State, theirs: State): State {
  const changed = Object.entries(mine).map(([name, value]: [string, unknown]) => [
    name,
    mergeValue(Reflect.get(before, name), value, Reflect.get(theirs, name)),
  ]);
  return { ...theirs, ...Object.fromEntries(changed) };
}

function mergeValue(before: unknown, mine: unknown, theirs: unknown): unknown {
  if (isDeepStrictEqual(before, mine)) {
    return theirs;
  }
  return isRecord(before) && isRecord(mine) && isRecord(theirs)
    ? merge(before, mine, theirs)
    : mine;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
