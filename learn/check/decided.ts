import type { Exercise } from "../../registry/exercises.ts";
import type { Decision } from "../handler.ts";

/** Words that a decision may have for a family of strategies. */
const families: readonly { readonly words: RegExp; readonly names: readonly string[] }[] = [
  {
    words: /\b(worker|workers|thread|threads|piscina|pool|pools)\b/,
    names: ["threads", "workers"],
  },
  {
    words: /\b(process|processes|child|children|fork|forks|cluster)\b/,
    names: ["processes"],
  },
  {
    words: /\b(async|await|promise|promises|non-blocking|event loop|fetch)\b/,
    names: ["async", "libuv", "parallel"],
  },
  { words: /\b(libuv|fs\/promises|fs)\b/, names: ["libuv"] },
  { words: /\b(parallel|promise\.all|concurrent|concurrently)\b/, names: ["parallel"] },
  { words: /\b(background|fire[- ]and[- ]forget)\b/, names: ["background"] },
];

/**
 * The strategies that a decision may mean: the one that it names, or a family, as "threads of my own" does.
 *
 * @returns empty when it means none
 */
export function meantStrategies(
  { strategies }: Exercise,
  decision: Decision | undefined,
): readonly string[] {
  const text = decision?.strategy.trim().toLowerCase() ?? "";
  if (strategies.some(({ name }) => name === text)) {
    return [text];
  }
  return families.flatMap(({ words, names }) => (words.test(text) ? names : []));
}
