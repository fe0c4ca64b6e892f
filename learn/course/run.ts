import { dirname } from "node:path";
import { isDeepStrictEqual } from "node:util";
import {
  changeProgress,
  loadProgress,
  type Progress,
  progressPath,
} from "@unblock/progress/progress";
import { merge } from "@unblock/progress/state-file";
import { type Exercise, exercises } from "@unblock/proto/exercises";
import { type Book, openBook } from "../book/book.ts";
import type { ExerciseResult, Listener } from "../check/result.ts";
import { writeResultFile } from "../result-file.ts";
import { signPass } from "../results.ts";
import { paintFor } from "../terminal/text.ts";
import { watchFiles } from "../watch.ts";
import {
  contentOf,
  isStub,
  prepareWorkspace,
  resetExercise,
  shown,
  yourFile,
} from "../workspace.ts";
import { renderFrame } from "./frame.ts";
import { begin, type CourseEvent, type Effect, type Room } from "./model.ts";
import { openEditor, openScreen } from "./screen.ts";
import { update } from "./update.ts";

/** Checks a file. Rejects only when the check failed for another reason than the file. */
export type CheckFile = (
  exercise: Exercise,
  file: string,
  listener: Listener,
) => Promise<ExerciseResult>;

const endingSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const tickMs = 1_000;

/**
 * Runs the course on a terminal until the learner quits. A check may still be in progress then.
 *
 * @param yours the learner's folder
 * @param at letter of the exercise to begin with; default: that of the last session
 */
export async function runCourse(yours: string, checkFile: CheckFile, at?: string): Promise<void> {
  prepareWorkspace(yours);
  const books = exercises.map((exercise) => openBook(exercise, yourFile(exercise, yours)));
  const statePath = progressPath(yours);
  const loaded = loadProgress(statePath);
  let model = begin({ ...loaded.state, current: at ?? loaded.state.current }, loaded.notice);
  let room: Room = { maxScroll: 0, page: 1 };
  let saving: Promise<unknown> = Promise.resolve();
  const quit = Promise.withResolvers<void>();

  const screen = openScreen((key) => dispatch({ kind: "key", key, room }), draw);
  const files = exercises.map((exercise) => yourFile(exercise, yours));
  const watch = watchFiles([statePath, ...files], (path) => {
    const exercise = exercises[files.indexOf(path)];
    if (exercise === undefined) {
      void reloadProgress();
    } else if (!isStub(exercise, yours)) {
      dispatch({ kind: "saved", letter: exercise.letter });
    }
  });
  for (const signal of endingSignals) {
    process.on(signal, quit.resolve);
  }
  draw();
  await quit.promise;

  watch.close();
  screen.release();
  await saving;
  for (const signal of endingSignals) {
    process.off(signal, quit.resolve);
  }

  function dispatch(event: CourseEvent): void {
    const before = model.progress;
    const { model: after, effects } = update(model, event);
    model = after;
    if (after.progress !== before && event.kind !== "progress") {
      saveProgress(before, after.progress);
    }
    draw();
    for (const effect of effects) {
      runEffect(effect);
    }
  }

  function runEffect(effect: Effect): void {
    switch (effect.kind) {
      case "quit":
        quit.resolve();
        return;
      case "check":
        check(bookOf(effect.letter).exercise);
        return;
      case "edit":
        void edit(yourFile(bookOf(effect.letter).exercise, yours));
        return;
      case "reset": {
        const aside = resetExercise(bookOf(effect.letter).exercise, new Date(), yours);
        const kept = aside === undefined ? undefined : shown(aside);
        dispatch({ kind: "reset", letter: effect.letter, aside: kept });
        return;
      }
      case "write-result":
        try {
          const file = shown(writeResultFile(model.progress, yours));
          dispatch({ kind: "result-written", file });
        } catch (error) {
          dispatch({ kind: "notice", text: `The result file can't be written: ${error}` });
        }
    }
  }

  function check(exercise: Exercise): void {
    const file = yourFile(exercise, yours);
    // The file may be saved again during the check.
    const source = contentOf(file);
    const beganMs = performance.now();
    const timer = setInterval(() => {
      const elapsedS = Math.floor((performance.now() - beganMs) / 1_000);
      dispatch({ kind: "tick", elapsedS });
    }, tickMs);
    const listener: Listener = {
      onBegin: (step) => dispatch({ kind: "begun", step }),
      onStep: (step) => dispatch({ kind: "step", step }),
    };
    checkFile(exercise, file, listener)
      .then(
        (result): CourseEvent => ({
          kind: "checked",
          result,
          pass: signPass(result, source, dirname(statePath)),
        }),
      )
      .catch((error: Error): CourseEvent => ({ kind: "broken", problem: error.message }))
      .then((event) => {
        clearInterval(timer);
        dispatch(event);
      });
  }

  async function edit(file: string): Promise<void> {
    const command = process.env.VISUAL || process.env.EDITOR;
    if (!command) {
      const text = `Set EDITOR to open files with e, such as EDITOR=nano npm run learn. The file is ${shown(file)}`;
      dispatch({ kind: "notice", text });
      return;
    }
    screen.release();
    const problem = await openEditor(command, file);
    screen.resume();
    draw();
    if (problem !== undefined) {
      dispatch({ kind: "notice", text: `The editor failed: ${problem}` });
    }
  }

  /** Saves a change, and keeps what other processes changed in other fields. */
  function saveProgress(before: Progress, after: Progress): void {
    saving = saving
      .then(() => changeProgress(statePath, (theirs) => merge(before, after, theirs)))
      .catch((error: Error) =>
        dispatch({ kind: "notice", text: `Your progress can't be saved: ${error.message}` }),
      );
  }

  /** Reads the progress after this or another process has written it. */
  async function reloadProgress(): Promise<void> {
    for (let last: unknown; last !== saving; ) {
      last = saving;
      await last;
    }
    const { state, notice } = loadProgress(statePath);
    if (!isSameJson(state, model.progress)) {
      dispatch({ kind: "progress", progress: state, notice });
    }
  }

  function draw(): void {
    const paint = paintFor(process.stdout);
    const frame = renderFrame(model, bookOf(model.progress.current), screen.size(), paint);
    room = frame.room;
    screen.draw(frame.lines);
  }

  function bookOf(letter: string): Book {
    const book = books.find(({ exercise }) => exercise.letter === letter);
    if (book === undefined) {
      throw new Error(`Expected the letter of an exercise, got ${letter}`);
    }
    return book;
  }
}

function isSameJson(one: unknown, other: unknown): boolean {
  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
  return isDeepStrictEqual(plain(one), plain(other));
}
