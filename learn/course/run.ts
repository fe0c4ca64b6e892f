import { type Exercise, exercises } from "../../registry/exercises.ts";
import { type Book, openBook } from "../book/book.ts";
import type { Listener } from "../check/report.ts";
import type { ExerciseResult } from "../check/result.ts";
import { paintFor } from "../terminal/paint.ts";
import { prepareWorkspace, yourFile } from "../workspace.ts";
import { begin, type CourseEvent, type Effect, type Room } from "./model.ts";
import { loadProgress, progressPath, saveProgress } from "./progress.ts";
import { renderFrame } from "./render/frame.ts";
import { openScreen } from "./screen.ts";
import { update } from "./update.ts";
import { watchFiles } from "./watch.ts";

/** Checks a file. Rejects only when the check itself broke down. */
export type CheckFile = (
  exercise: Exercise,
  file: string,
  listener: Listener,
) => Promise<ExerciseResult>;

const endingSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * The course on a terminal, until its learner leaves. A check may still go on then.
 *
 * @param yours the folder with the learner's files
 */
export async function runCourse(yours: string, checkFile: CheckFile): Promise<void> {
  prepareWorkspace(yours);
  const books = exercises.map((exercise) => openBook(exercise, yourFile(exercise, yours)));
  const statePath = progressPath(yours);
  const loaded = loadProgress(statePath);
  let model = begin(loaded.state, loaded.notice);
  let room: Room = { mostScroll: 0, page: 1 };
  const left = Promise.withResolvers<void>();

  const screen = openScreen((key) => happen({ kind: "key", key, room }), draw);
  const files = exercises.map((exercise) => yourFile(exercise, yours));
  const watch = watchFiles([statePath, ...files], (path) => {
    const exercise = exercises[files.indexOf(path)];
    if (exercise === undefined) {
      takeProgress();
    } else {
      happen({ kind: "saved", letter: exercise.letter });
    }
  });
  for (const signal of endingSignals) {
    process.on(signal, left.resolve);
  }
  draw();
  await left.promise;

  watch.close();
  screen.restore();
  for (const signal of endingSignals) {
    process.off(signal, left.resolve);
  }

  function happen(event: CourseEvent): void {
    const before = model.progress;
    const { model: after, effects } = update(model, event);
    model = after;
    if (after.progress !== before && event.kind !== "progress") {
      keepProgress();
    }
    draw();
    for (const effect of effects) {
      act(effect);
    }
  }

  function act(effect: Effect): void {
    if (effect.kind === "quit") {
      left.resolve();
      return;
    }
    const { exercise } = bookOf(effect.letter);
    const listener: Listener = {
      onBegin: (step) => happen({ kind: "begun", step }),
      onStep: (step) => happen({ kind: "step", step }),
    };
    checkFile(exercise, yourFile(exercise, yours), listener).then(
      (result) => happen({ kind: "checked", result }),
      (error: Error) => happen({ kind: "broken", problem: error.message }),
    );
  }

  function keepProgress(): void {
    try {
      saveProgress(model.progress, statePath);
    } catch (error) {
      model = { ...model, notice: `Your progress can't be saved: ${error}` };
    }
  }

  /** Its file was written: by this course, or by somebody else. */
  function takeProgress(): void {
    const { state, notice } = loadProgress(statePath);
    if (JSON.stringify(state) !== JSON.stringify(model.progress)) {
      happen({ kind: "progress", progress: state, notice });
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
