import { exercises } from "../../registry/exercises.ts";
import { hints } from "../hints.ts";
import { check, type Updated, unchanged } from "./checking.ts";
import type { Key, Model, Room } from "./model.ts";
import { progressOf, withExercise } from "./progress.ts";

const letters = exercises.map(({ letter }) => letter);

/** What a key does. One key does one thing; in the list an exercise's letter goes there. */
export function pressKey(model: Model, key: Key, room: Room): Updated {
  const scrolled = scrollTo(model.scroll, key, room);
  if (scrolled !== undefined) {
    return unchanged({ ...model, scroll: scrolled });
  }
  if (key === "q" || key === "ctrl-c") {
    return { model, effects: [{ kind: "quit" }] };
  }
  if (model.view === "list") {
    return unchanged(pressInList(model, key));
  }
  const { current } = model.progress;
  const at = letters.indexOf(current);
  switch (key) {
    case "h":
      return unchanged(showHint(model));
    case "n":
      return unchanged(
        goTo(model, letters[at + 1], `${current} is the last one; l lists them all`),
      );
    case "p":
      return unchanged(goTo(model, letters[at - 1], `${current} is the first one`));
    case "s":
      return unchanged(skip(model, letters[at + 1]));
    case "l":
      return unchanged({ ...model, view: "list", scroll: 0 });
    case "r":
      return unchanged(toggleRationale(model));
    case "escape":
      return unchanged({ ...model, view: "exercise", scroll: 0 });
    case "c":
      return model.checking?.letter === current
        ? unchanged({ ...model, notice: `${current} is being checked` })
        : check(model, current);
    default:
      return unchanged(model);
  }
}

function pressInList(model: Model, key: Key): Model {
  if (key === "l" || key === "escape") {
    return { ...model, view: "exercise", scroll: 0 };
  }
  const letter = letters.find((one) => one === key.toUpperCase());
  return letter === undefined ? model : goTo(model, letter, "");
}

function goTo(model: Model, letter: string | undefined, orElse: string): Model {
  return letter === undefined
    ? { ...model, notice: orElse }
    : { ...model, progress: { ...model.progress, current: letter }, view: "exercise", scroll: 0 };
}

function skip(model: Model, next: string | undefined): Model {
  const { current } = model.progress;
  if (progressOf(model.progress, current).passed) {
    return { ...model, notice: `${current} has passed already; n goes on` };
  }
  const progress = withExercise(model.progress, current, { skipped: true });
  return goTo(
    { ...model, progress },
    next,
    `${current} is skipped, and the last one; l lists them all`,
  );
}

function showHint(model: Model): Model {
  const { current } = model.progress;
  const all = hints[current] ?? [];
  const number = progressOf(model.progress, current).hints + 1;
  const hint = all[number - 1];
  if (hint === undefined) {
    const notice = `You have seen all ${all.length} hints; they are at the end of the exercise`;
    return { ...model, view: "exercise", notice };
  }
  const progress = withExercise(model.progress, current, { hints: number });
  const notice = `Hint ${number} of ${all.length}: ${hint}`;
  return { ...model, progress, view: "exercise", notice };
}

function toggleRationale(model: Model): Model {
  if (model.view === "rationale") {
    return { ...model, view: "exercise", scroll: 0 };
  }
  if (progressOf(model.progress, model.progress.current).passed) {
    return { ...model, view: "rationale", scroll: 0 };
  }
  return { ...model, notice: "The rationale opens after a pass; h gives a hint" };
}

/** @returns undefined when the key is not for scrolling */
function scrollTo(scroll: number, key: Key, { mostScroll, page }: Room): number | undefined {
  const places: Readonly<Record<Key, number>> = {
    down: scroll + 1,
    up: scroll - 1,
    pagedown: scroll + page - 1,
    space: scroll + page - 1,
    pageup: scroll - page + 1,
    home: 0,
    end: mostScroll,
  };
  const place = places[key];
  return place === undefined ? undefined : Math.max(0, Math.min(mostScroll, place));
}
