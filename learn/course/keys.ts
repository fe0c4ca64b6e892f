import { isPassed, progressOf, withExercise } from "@unblock/progress/progress";
import { exercises } from "@unblock/proto/exercises";
import { hintsFor } from "../book/book.ts";
import { scoreOfProgress } from "../score.ts";
import { describeKey, type Key } from "../terminal/keyboard.ts";
import { check, type Model, type Room, type Updated, withoutEffects } from "./model.ts";

const letters = exercises.map(({ letter }) => letter);

/** Handles a key. In the list an exercise's letter goes to that exercise. */
export function pressKey(pressed: Model, key: Key, room: Room): Updated {
  const model = { ...pressed, confirmsReset: false };
  const scrolled = scrollTo(model.scroll, key, room);
  if (scrolled !== undefined) {
    return withoutEffects({ ...model, scroll: scrolled });
  }
  if (key === "q" || key === "ctrl-c") {
    return { model, effects: [{ kind: "quit" }] };
  }
  if (key === "w") {
    return finish(model);
  }
  if (model.view === "list") {
    return withoutEffects(pressInList(model, key));
  }
  const { current } = model.progress;
  const at = letters.indexOf(current);
  switch (key) {
    case "h":
      return withoutEffects(showHint(model));
    case "n":
      return withoutEffects(
        goTo(model, letters[at + 1], `${current} is the last exercise; l lists them all`),
      );
    case "p":
      return withoutEffects(goTo(model, letters[at - 1], `${current} is the first exercise`));
    case "s":
      return withoutEffects(skip(model, letters[at + 1]));
    case "l":
      return withoutEffects({ ...model, view: "list", scroll: 0 });
    case "r":
      return withoutEffects(toggleRationale(model));
    case "d":
      return withoutEffects(toggleDetails(model));
    case "escape":
      return withoutEffects({ ...model, view: "exercise", scroll: 0 });
    case "c":
      return model.checking?.letter === current
        ? withoutEffects({ ...model, notice: `${current} is being checked` })
        : check(model, current);
    case "a":
      return checkAll(model);
    case "e":
      return { model, effects: [{ kind: "edit", letter: current }] };
    case "x":
      return reset(model, pressed.confirmsReset);
    default:
      return withoutEffects({ ...model, notice: `${describeKey(key)} does nothing here` });
  }
}

function pressInList(model: Model, key: Key): Model {
  if (key === "l" || key === "escape") {
    return { ...model, view: "exercise", scroll: 0 };
  }
  const letter = letters.find((one) => one === key.toUpperCase());
  return letter === undefined
    ? { ...model, notice: `${describeKey(key)} is not an exercise: press a to h, or l to go back` }
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
    `${current} is skipped. It is the last exercise; l lists them all`,
  );
}

function showHint(model: Model): Model {
  const { current } = model.progress;
  const exercise = exercises.find(({ letter }) => letter === current);
  const all = exercise === undefined ? [] : hintsFor(exercise);
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
    return withoutEffects({
      ...model,
      notice: `${letter} is being checked; reset it when the check has ended`,
    });
  }
  if (!confirmed) {
    const notice = `Press x again to restore the stub of ${letter}. Your version is kept in learn/yours/aside`;
    return withoutEffects({ ...model, confirmsReset: true, notice });
  }
  const changed = { hints: 0, last: undefined, skipped: false, result: undefined };
  const progress = withExercise(model.progress, letter, changed);
  return { model: { ...model, progress }, effects: [{ kind: "reset", letter }] };
}

function finish(model: Model): Updated {
  const { passed, of } = scoreOfProgress(model.progress);
  return passed === of
    ? { model, effects: [{ kind: "write-result" }] }
    : withoutEffects({
        ...model,
        notice: `${passed} of ${of} have passed; w finishes when all have`,
      });
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
