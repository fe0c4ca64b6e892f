import type { Effect, Model } from "./model.ts";

export interface Updated {
  readonly model: Model;
  readonly effects: readonly Effect[];
}

export function unchanged(model: Model): Updated {
  return { model, effects: [] };
}

/** Checks an exercise now, or after the check that goes on: two at once would measure each other. */
export function check(model: Model, letter: string): Updated {
  if (model.checking !== undefined) {
    return unchanged({ ...model, checking: { ...model.checking, next: letter } });
  }
  const checking = { letter, steps: [], doing: undefined, next: undefined };
  const here = letter === model.progress.current;
  return {
    model: { ...model, checking, ...(here ? { view: "exercise", scroll: 0 } : {}) },
    effects: [{ kind: "check", letter }],
  };
}
