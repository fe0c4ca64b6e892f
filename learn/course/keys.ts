import { isPassed, progressOf, withExercise, withReset } from "@unblock/progress/progress";
import { exerciseOf, exercises } from "@unblock/proto/exercises";
import { hintsFor } from "../book/book.ts";
import { scoreOfProgress } from "../score.ts";
import { describeKey, type Key } from "../terminal.ts";
import { check, type Model, notify, type Room, show } from "./model.ts";

const letters = exercises.map(({ letter }) => letter);

export function pressKey(pressed: Model, key: Key, room: Room): Model {
  const model = { ...pressed, notice: undefined, confirmsReset: false };
  const scroll = scrollTo(model.scroll, key, room);
  if (scroll !== undefined) {
    return { ...model, scroll };
  }
  if (key === "q" || key === "ctrl-c") {
    return { ...model, effects: [{ kind: "quit" }] };
  }
  if (key === "w") {
    return finish(model);
  }
  if (model.view === "list") {
    return pressInList(model, key);
  }
  const { current } = model.progress;
  const at = letters.indexOf(current);
  switch (key) {
    case "h":
      return showHint(model);
    case "n":
      return goTo(model, letters[at + 1], `${current} is the last exercise; l lists them all`);
    case "p":
      return goTo(model, letters[at - 1], `${current} is the first exercise`);
    case "s":
      return skip(model, letters[at + 1]);
    case "l":
      return show(model, "list");
    case "r":
      return model.view === "rationale" || isPassed(model.progress, current)
        ? toggle(model, "rationale")
        : notify(model, "The rationale opens after a pass; h gives a hint");
    case "d":
      return model.view === "details" || progressOf(model.progress, current).result !== undefined
        ? toggle(model, "details")
        : notify(model, `${current} has not been checked yet: save the file, or press c`);
    case "escape":
      return show(model, "exercise");
    case "c":
      return model.checking?.letter === current
        ? notify(model, `${current} is being checked`)
        : check(model, current);
    case "a":
      return letters.reduce(
        check,
        notify(show(model, "list"), "Checking all eight, one after another"),
      );
    case "e":
      return { ...model, effects: [{ kind: "edit", letter: current }] };
    case "x":
      return reset(model, pressed.confirmsReset);
    default:
      return notify(model, `${describeKey(key)} does nothing here`);
  }
}

function toggle(model: Model, view: "rationale" | "details"): Model {
  return show(model, model.view === view ? "exercise" : view);
}

function pressInList(model: Model, key: Key): Model {
  if (key === "l" || key === "escape") {
    return show(model, "exercise");
  }
  const letter = letters.find((one) => one === key.toUpperCase());
  const orElse = `${describeKey(key)} is not an exercise: press a to h, or l to go back`;
  return goTo(model, letter, orElse);
}

function goTo(model: Model, letter: string | undefined, orElse: string): Model {
  return letter === undefined
    ? notify(model, orElse)
    : show({ ...model, progress: { ...model.progress, current: letter } }, "exercise");
}

function skip(model: Model, next: string | undefined): Model {
  const { current } = model.progress;
  if (isPassed(model.progress, current)) {
    return notify(model, `${current} has passed already; n goes on`);
  }
  const progress = withExercise(model.progress, current, { skipped: true });
  const orElse = `${current} is skipped. It is the last exercise; l lists them all`;
  return goTo({ ...model, progress }, next, orElse);
}

function showHint(model: Model): Model {
  const { current } = model.progress;
  const all = hintsFor(exerciseOf(current));
  const number = progressOf(model.progress, current).hints + 1;
  const hint = all[number - 1];
  const seen = { ...model, view: "exercise" } as const;
  if (hint === undefined) {
    const notice = `You have seen all ${all.length} hints; they are at the end of the exercise`;
    return notify(seen, notice);
  }
  const progress = withExercise(model.progress, current, { hints: number });
  return notify({ ...seen, progress }, `Hint ${number} of ${all.length}: ${hint}`);
}

function reset(model: Model, confirmed: boolean): Model {
  const { current: letter } = model.progress;
  if (model.checking?.letter === letter) {
    return notify(model, `${letter} is being checked; reset it when the check has ended`);
  }
  if (!confirmed) {
    const notice = `Press x again to restore the stub of ${letter}. Your version is kept in learn/yours/aside`;
    return { ...model, confirmsReset: true, notice };
  }
  const progress = withReset(model.progress, letter);
  return { ...model, progress, effects: [{ kind: "reset", letter }] };
}

function finish(model: Model): Model {
  const { passed, of } = scoreOfProgress(model.progress);
  return passed === of
    ? { ...model, effects: [{ kind: "write-result" }] }
    : notify(model, `${passed} of ${of} have passed; w finishes when all have`);
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
