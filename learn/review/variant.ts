import type { AnswerQuality } from "./schedule.ts";

export interface Choice {
  readonly text: string;
  readonly quality: AnswerQuality;
  /** Why it is right or wrong, with the figures of this variant. */
  readonly reason: string;
}

/** An exercise asked with other figures. */
export interface Variant {
  readonly title: string;
  readonly question: string;
  /** In the order of their keys; at least one is right. */
  readonly choices: readonly Choice[];
}
