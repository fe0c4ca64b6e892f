import { isDeepStrictEqual } from "node:util";
import {
  changeProgress,
  loadProgress,
  type Progress,
  progressPath,
} from "@unblock/progress/progress";
import { merge } from "@unblock/progress/yours-folder";
import { type Exercise, exerciseOf, exercises } from "@unblock/proto/exercises";
import { paintFor } from "@unblock/terminal/text";
import { type Book, openBook } from "../book/book.ts";
import type { ExerciseResult, Listener } from "../check/result.ts";
import { writeResultFile } from "../result-file.ts";
import { signPass } from "../results.ts";
import { openEditor, openScreen } from "../terminal.ts";
import {
  contentOf,
  isStub,
  prepareWorkspace,
  resetExercise,
  shown,
  watchFiles,
  yourFile,
} from "../workspace.ts";
import { renderFrame } from "./frame.ts";
import { pressKey } from "./keys.ts";
import {
  begin,
  broken,
  checked,
  type Effect,
  type Model,
  notify,
  progressChanged,
  type Room,
  saved,
  show,
  stepEnded,
  stubRestored,
  withChecking,
} from "./model.ts";

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
  const files = exercises.map((exercise) => yourFile(exercise, yours));
  const books = new Map<string, Book>();
  const statePath = progressPath(yours);
  const loaded = loadProgress(statePath);
  let model = begin({ ...loaded.state, current: at ?? loaded.state.current }, loaded.notice);
  let room: Room = { maxScroll: 0, page: 1 };
  let saving: Promise<unknown> = Promise.resolve();
  const quit = Promise.withResolvers<void>();

  const screen = openScreen((key) => apply(pressKey(model, key, room)), draw);
  const watch = watchFiles([statePath, ...files], (path) => {
    const exercise = exercises[files.indexOf(path)];
    if (exercise === undefined) {
      void reloadProgress();
    } else if (!isStub(exercise, yours)) {
      apply(saved(model, exercise.letter));
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

  /** Shows a changed model, saves its progress and runs its effects. */
  function apply(changed: Model): void {
    saveProgress(model.progress, changed.progress);
    model = { ...changed, effects: [] };
    draw();
    changed.effects.forEach(runEffect);
  }

  function runEffect(effect: Effect): void {
    switch (effect.kind) {
      case "quit":
        quit.resolve();
        return;
      case "check":
        void check(exerciseOf(effect.letter));
        return;
      case "edit":
        void edit(yourFile(exerciseOf(effect.letter), yours));
        return;
      case "reset": {
        const aside = resetExercise(exerciseOf(effect.letter), new Date(), yours);
        apply(stubRestored(model, effect.letter, aside && shown(aside)));
        return;
      }
      case "write-result":
        try {
          const resultFile = shown(writeResultFile(model.progress, yours));
          apply({ ...show(model, "end"), resultFile });
        } catch (error) {
          apply(notify(model, `The result file can't be written: ${error}`));
        }
    }
  }

  async function check(exercise: Exercise): Promise<void> {
    const file = yourFile(exercise, yours);
    // The file may be saved again during the check.
    const source = contentOf(file);
    const beganMs = performance.now();
    const timer = setInterval(() => {
      const elapsedS = Math.floor((performance.now() - beganMs) / 1_000);
      apply(withChecking(model, { elapsedS }));
    }, tickMs);
    const after = await checkFile(exercise, file, {
      onBegin: (doing) => apply(withChecking(model, { doing })),
      onStep: (step) => apply(stepEnded(model, step)),
    })
      .then((result) => ({ result, pass: signPass(result, source, yours) }))
      .catch((error: Error) => error.message);
    clearInterval(timer);
    apply(
      typeof after === "string" ? broken(model, after) : checked(model, after.result, after.pass),
    );
  }

  async function edit(file: string): Promise<void> {
    const command = process.env.VISUAL || process.env.EDITOR;
    if (!command) {
      const text = `Set EDITOR to open files with e, such as EDITOR=nano npm run learn. The file is ${shown(file)}`;
      apply(notify(model, text));
      return;
    }
    screen.release();
    const problem = await openEditor(command, file);
    screen.resume();
    draw();
    if (problem !== undefined) {
      apply(notify(model, `The editor failed: ${problem}`));
    }
  }

  /** Saves a change, and keeps what other processes changed in other fields. */
  function saveProgress(before: Progress, after: Progress): void {
    if (after !== before) {
      saving = saving
        .then(() => changeProgress(statePath, (theirs) => merge(before, after, theirs)))
        .catch((error: Error) =>
          apply(notify(model, `Your progress can't be saved: ${error.message}`)),
        );
    }
  }

  /** Reads the progress after this or another process has written it. */
  async function reloadProgress(): Promise<void> {
    for (let last: unknown; last !== saving; ) {
      last = saving;
      await last;
    }
    const { state, notice } = loadProgress(statePath);
    if (!isSameJson(state, model.progress)) {
      model = progressChanged(model, state, notice);
      draw();
    }
  }

  function draw(): void {
    const paint = paintFor(process.stdout);
    const exercise = exerciseOf(model.progress.current);
    const book = books.getOrInsertComputed(exercise.letter, () =>
      openBook(exercise, yourFile(exercise, yours)),
    );
    const frame = renderFrame(model, book, screen.size(), paint);
    room = frame.room;
    screen.draw(frame.lines);
  }
}

function isSameJson(one: unknown, other: unknown): boolean {
  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
  return isDeepStrictEqual(plain(one), plain(other));
}
