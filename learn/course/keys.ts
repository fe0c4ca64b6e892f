import { isPassed, progressOf, withExercise } from "../../progress/progress.ts";
import { exercises } from "../../registry/exercises.ts";
import { hints } from "../hints.ts";
import { scoreOfProgress } from "../score.ts";
import { check, type Updated, unchanged } from "./checking.ts";
import type { Key, Model, Room } from "./model.ts";

const letters = exercises.map(({ letter }) => letter);

/** What a key does. One key does one thing; in the list an exercise's letter goes there. */
export function pressKey(pressed: Model, key: Key, room: Room): Updated {
  const model = { ...pressed, confirmsReset: false };
  const scrolled = scrollTo(model.scroll, key, room);
  if (scrolled !== undefined) {
    return unchanged({ ...model, scroll: scrolled });
  }
  if (key === "q" || key === "ctrl-c") {
    return { model, effects: [{ kind: "quit" }] };
  }
  if (key === "w") {
    return finish(model);
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
    case "d":
      return unchanged(toggleDetails(model));
    case "escape":
      return unchanged({ ...model, view: "exercise", scroll: 0 });
    case "c":
      return model.checking?.letter === current
        ? unchanged({ ...model, notice: `${current} is being checked` })
        : check(model, current);
    case "a":
      return checkAll(model);
    case "e":
      return { model, effects: [{ kind: "edit", letter: current }] };
    case "x":
      return reset(model, pressed.confirmsReset);
    default:
      return unchanged({ ...model, notice: `${inWords(key)} does nothing here` });
  }
}

function pressInList(model: Model, key: Key): Model {
  if (key === "l" || key === "escape") {
    return { ...model, view: "exercise", scroll: 0 };
  }
  const letter = letters.find((one) => one === key.toUpperCase());
  return letter === undefined
    ? { ...model, notice: `${inWords(key)} is no exercise: press a to h, or l to go back` }
    : goTo(model, letter, "");
}

function goTo(model: Model, letter: string | undefined, orElse: string): Model {
  return letter === undefined
    ? { ...model, notice: orElse }
    : { ...model, progress: { ...model.progress, current: letter }, view: "exercise", scroll: 0 };
}

function skip(model: Model, next: string | undefined): Model {
  const { current } = model.progress;
  if (isPassed(model.progress, current)) {
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
  if (isPassed(model.progress, model.progress.current)) {
    return { ...model, view: "rationale", scroll: 0 };
  }
  return { ...model, notice: "The rationale opens after a pass; h gives a hint" };
}

function toggleDetails(model: Model): Model {
  if (model.view === "details") {
    return { ...model, view: "exercise", scroll: 0 };
  }
  const { current } = model.progress;
  return progressOf(model.progress, current).result === undefined
    ? { ...model, notice: `${current} has not been checked yet: save the file, or press c` }
    : { ...model, view: "details", scroll: 0 };
}

function checkAll(model: Model): Updated {
  const { model: first, effects } = check({ ...model, view: "list", scroll: 0 }, "A");
  const asked = letters.slice(1).reduce((now, letter) => check(now, letter).model, first);
  return { model: { ...asked, notice: "Checking all eight, one after another" }, effects };
}

function reset(model: Model, confirmed: boolean): Updated {
  const { current: letter } = model.progress;
  if (model.checking?.letter === letter) {
    return unchanged({ ...model, notice: `${letter} is being checked; reset it afterwards` });
  }
  if (!confirmed) {
    const notice = `Press x again to put the stub of ${letter} back. Your version is kept in learn/yours/aside`;
    return unchanged({ ...model, confirmsReset: true, notice });
  }
  const changed = { hints: 0, last: undefined, skipped: false, result: undefined };
  const progress = withExercise(model.progress, letter, changed);
  return { model: { ...model, progress }, effects: [{ kind: "reset", letter }] };
}

function finish(model: Model): Updated {
  const { passed, of } = scoreOfProgress(model.progress);
  return passed === of
    ? { model, effects: [{ kind: "write-result" }] }
    : unchanged({ ...model, notice: `${passed} of ${of} have passed; w finishes when all have` });
}

function inWords(key: Key): string {
  return key.length === 1 ? `"${key}"` : `The key ${key}`;
}

/** @returns undefined when the key does not scroll */
function scrollTo(scroll: number, key: Key, { maxScroll, page }: Room): number | undefined {
  const positions: Readonly<Record<Key, number>> = {
    down: scroll + 1,
    up: scroll - 1,
    pagedown: scroll + page - 1,
    space: scroll + page - 1,
    pageup: scroll - page + 1,
    home: 0,
    end: maxScroll,
  };
  const position = positions[key];
  return position === undefined ? undefined : Math.max(0, Math.min(maxScroll, position));
}
