import type { Effect, Model } from "./model.ts";

export interface Updated {
  readonly model: Model;
  readonly effects: readonly Effect[];
}

export function unchanged(model: Model): Updated {
  return { model, effects: [] };
}

/** Checks an exercise now, or after the checks in progress: two at once would measure each other. */
export function check(model: Model, letter: string): Updated {
  const { checking } = model;
  if (checking !== undefined) {
    const next = checking.next.includes(letter) ? checking.next : [...checking.next, letter];
    return unchanged({ ...model, checking: { ...checking, next } });
  }
  const begun = { letter, steps: [], doing: undefined, elapsedS: 0, next: [] };
  const here = letter === model.progress.current && model.view !== "list";
  return {
    model: { ...model, checking: begun, ...(here ? { view: "exercise", scroll: 0 } : {}) },
    effects: [{ kind: "check", letter }],
  };
}

/** Begins the next check that is asked for, if any. */
export function checkNext(model: Model): Updated {
  const [letter, ...rest] = model.checking?.next ?? [];
  const ended = { ...model, checking: undefined };
  if (letter === undefined) {
    return unchanged(ended);
  }
  const { model: begun, effects } = check(ended, letter);
  const { checking } = begun;
  return {
    model: checking === undefined ? begun : { ...begun, checking: { ...checking, next: rest } },
    effects,
  };
}
