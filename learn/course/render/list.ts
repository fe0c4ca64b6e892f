import {
  type ExerciseProgress,
  isPassed,
  type Progress,
  progressOf,
} from "../../../progress/progress.ts";
import { exercises } from "../../../registry/exercises.ts";
import { describeLevel, levelOf, levels } from "../../levels.ts";
import { describeMemory } from "../../memory.ts";
import { readingFor, scoreOfProgress } from "../../score.ts";
import type { Paint } from "../../terminal/paint.ts";
import { wrap } from "../../terminal/wrap.ts";
import type { Model } from "../model.ts";

/** All exercises and how they stand, the score, and what to read again. */
export function renderList(model: Model, width: number, paint: Paint): string[] {
  const { progress, checking } = model;
  const { passed, of, review } = scoreOfProgress(progress);
  const reading = readingFor(review);
  return [
    paint("bold", "The exercises; press a letter to go there"),
    ...exercises.flatMap((exercise) => {
      const { letter, title } = exercise;
      const here = letter === progress.current ? "›" : " ";
      const mark = renderMark(progressOf(progress, letter), paint);
      const [first = "", ...rest] = wrap(`${title}${stateOf(model, letter)}`, width, " ".repeat(7));
      return [`${here} ${mark} ${letter}  ${first.trimStart()}`, ...rest];
    }),
    ...(checking === undefined ? [] : [`Checking ${checking.letter} … ${checking.elapsedS} s`]),
    "",
    paint("bold", `Score ${passed}/${of}`),
    ...levels.flatMap((level) => {
      const { from, to } = level;
      const label = `${level === levelOf(passed) ? "›" : " "} ${(from === to ? `${from}` : `${from}–${to}`).padEnd(4)} `;
      return wrap(describeLevel(level), width, label, " ".repeat(label.length));
    }),
    "",
    ...describeMemory(progress, Date.now()).flatMap((line) => wrap(line, width)),
    ...(reading.length === 0 ? [] : ["", paint("bold", "To review")]),
    ...reading.flatMap(({ letter, title, rationale, partLink }) => [
      ...wrap(title, width, `${letter}  `, "   "),
      ...wrap(rationale, width, "   "),
      ...wrap(partLink, width, "   "),
    ]),
  ];
}

/** Told apart without colour too. */
export function renderMark({ pass, last, skipped }: ExerciseProgress, paint: Paint): string {
  if (pass !== undefined) {
    return paint("green", "✓");
  }
  if (last === "FAIL") {
    return paint("red", "✗");
  }
  return skipped ? paint("yellow", "–") : paint("dim", "·");
}

function stateOf({ progress, checking }: Model, letter: string): string {
  const { guess, last } = progressOf(progress, letter);
  const parts = [
    checking?.letter === letter ? "being checked" : "",
    checking?.next.includes(letter) ? "to be checked" : "",
    isPassed(progress, letter) && last === "FAIL" ? "passed before, and fails now" : "",
    guess === undefined ? "" : describeGuess(progress, letter),
  ].filter((part) => part !== "");
  return parts.length === 0 ? "" : ` (${parts.join("; ")})`;
}

function describeGuess(progress: Progress, letter: string): string {
  return `guessed ${progressOf(progress, letter).guess} on the page`;
}
