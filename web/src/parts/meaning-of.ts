import { strategyMeanings } from "../../../registry/exercises.ts";

/** What a strategy's name means, whatever the work is. */
export function meaningOf(strategy: string): string {
  const meanings: Readonly<Record<string, string>> = strategyMeanings;
  return meanings[strategy] ?? "";
}
