import { changeProgress, loadProgress, type Progress } from "@unblock/progress/progress";
import { type AnswerQuality, afterAnswer, dayOf, dueCards, nextDueMs } from "../review/schedule.ts";
import { describeKey, listenToKeys } from "../terminal/keyboard.ts";
import { type Paint, paintFor, wrap, wrapBehind } from "../terminal/text.ts";

const maxColumns = 100;
const verdicts = { recommended: "right", works: "right, at a price", wrong: "wrong" } as const;
const marks = { recommended: "★", works: "✓", wrong: "✗" } as const;

export interface Choice {
  readonly text: string;
  /** Explanation of `text` that does not help to decide. */
  readonly meaning?: string;
  readonly quality: AnswerQuality;
  /** Why it is right or wrong. */
  readonly reason: string;
}

/** A question with choices, in the order of their keys. */
export interface Asked {
  readonly title: string;
  readonly question: string;
  readonly choices: readonly Choice[];
}

/** A series of questions on the terminal. */
export interface Session {
  readonly width: number;
  readonly paint: Paint;
  /** Aborts when the person leaves with q or Ctrl-C. */
  readonly left: AbortSignal;
  /**
   * Asks a question, stores the answer and shows whether it is right.
   *
   * @throws the reason of `left` when the person leaves
   */
  ask(id: string, asked: Asked): Promise<Choice>;
  /** Waits for Enter or the space bar. @throws the reason of `left` when the person leaves */
  pressEnter(text: string): Promise<void>;
}

/**
 * Asks the questions that are due, until all are answered or the person leaves.
 *
 * @param path the progress file
 * @param flag that starts such a session, such as "quiz"
 * @param idsOf returns the ids of the questions that may be asked
 * @param askOne asks one of them and explains the answer
 */
export async function runSession(
  path: string,
  flag: string,
  idsOf: (progress: Progress) => readonly string[],
  askOne: (id: string, session: Session, progress: Progress) => Promise<Choice>,
): Promise<void> {
  const width = Math.max(40, Math.min(maxColumns, process.stdout.columns - 1));
  const paint = paintFor(process.stdout);
  const { state: progress, notice } = loadProgress(path);
  if (notice !== undefined) {
    say(...wrap(notice, width), "");
  }
  const ids = idsOf(progress);
  const due = dueCards(ids, progress.cards, Date.now());
  const describeNext = () => wrap(describeNextDue(ids, loadProgress(path).state, flag), width);
  if (due.length === 0) {
    say(...describeNext());
    return;
  }
  const prompt = openPrompt();
  const session: Session = {
    width,
    paint,
    left: prompt.left,
    ask: async (id, asked) => {
      say(...renderQuestion(asked, width, paint));
      const choice = await choose(asked.choices, prompt);
      await storeAnswer(path, id, choice.quality);
      say(...renderVerdict(choice, width, paint));
      return choice;
    },
    pressEnter: async (text) => {
      await prompt.press(text, ["return", "space"], "Enter or q");
      say("", "");
    },
  };
  let right = 0;
  try {
    for (const [index, id] of due.entries()) {
      const heading = `── Question ${index + 1} of ${due.length} `;
      say(paint("dim", heading.padEnd(width, "─")), "");
      const { quality } = await askOne(id, session, progress);
      right += quality === "wrong" ? 0 : 1;
    }
    say(`${right} of ${due.length} right.`, ...describeNext());
  } catch (error) {
    if (!prompt.left.aborted) {
      throw error;
    }
    say("", `Your answers are saved. \`npm run learn -- --${flag}\` continues.`);
  } finally {
    prompt.close();
  }
}

export function say(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}

export function renderQuestion(
  { title, question, choices }: Asked,
  width: number,
  paint: Paint,
): string[] {
  const textWidth = widthOf(choices);
  return [
    ...wrap(title, width).map((line) => paint("bold", line)),
    ...wrap(question, width),
    "",
    ...choices.flatMap(({ text, meaning }, index) => {
      const label = `  ${index + 1}  ${text.padEnd(textWidth)}  `;
      return meaning === undefined
        ? [label.trimEnd()]
        : wrap(meaning, width, label, " ".repeat(label.length));
    }),
    "",
  ];
}

function renderVerdict({ text, quality, reason }: Choice, width: number, paint: Paint): string[] {
  const verdict = paint(quality === "wrong" ? "red" : "green", `${text}: ${verdicts[quality]}`);
  return [verdict, ...(reason === "" ? [] : wrap(reason, width)), ""];
}

/** Renders choices with their marks and reasons. */
export function renderReasons(choices: readonly Choice[], width: number, paint: Paint): string[] {
  const textWidth = widthOf(choices);
  return choices.flatMap(({ text, quality, reason }) => {
    const mark = paint(quality === "wrong" ? "red" : "green", marks[quality]);
    return wrapBehind(`${mark} ${text.padEnd(textWidth)}  `, reason, width, textWidth + 4);
  });
}

function widthOf(choices: readonly Choice[]): number {
  return Math.max(...choices.map(({ text }) => text.length));
}

interface Prompt {
  readonly left: AbortSignal;
  /**
   * Waits for one of the keys; at any other key it says what is expected.
   *
   * @param expected the keys in words, such as "1 to 8"
   * @throws the reason of `left` when the person leaves
   */
  press(text: string, keys: readonly string[], expected: string): Promise<string>;
  close(): void;
}

function openPrompt(): Prompt {
  const leave = new AbortController();
  let waiting: ((key: string) => void) | undefined;
  const stopListening = listenToKeys((key) => {
    if (key === "q" || key === "ctrl-c") {
      leave.abort();
    }
    waiting?.(key);
  });
  return {
    left: leave.signal,
    press: async (text, keys, expected) => {
      leave.signal.throwIfAborted();
      const { promise, resolve } = Promise.withResolvers<string>();
      process.stdout.write(text);
      waiting = (key) => {
        if (leave.signal.aborted || keys.includes(key)) {
          resolve(key);
        } else {
          const problem = `${describeKey(key)} does nothing here: press ${expected}.`;
          process.stdout.write(`\n${problem}\n${text}`);
        }
      };
      const key = await promise;
      waiting = undefined;
      leave.signal.throwIfAborted();
      return key;
    },
    close: stopListening,
  };
}

async function choose(choices: readonly Choice[], prompt: Prompt): Promise<Choice> {
  const keys = choices.map((_, index) => String(index + 1));
  const text = `Your answer? 1–${keys.length}, or q to leave: `;
  const key = await prompt.press(text, keys, `1 to ${keys.length}, or q`);
  const choice = choices[keys.indexOf(key)];
  if (choice === undefined) {
    throw new Error(`Expected one of ${keys.join(", ")}, got ${key}`);
  }
  say(key, "");
  return choice;
}

async function storeAnswer(path: string, id: string, quality: AnswerQuality): Promise<void> {
  const nowMs = Date.now();
  await changeProgress(path, (progress) => ({
    ...progress,
    cards: { ...progress.cards, [id]: afterAnswer(progress.cards[id], quality, nowMs) },
  }));
}

function describeNextDue(ids: readonly string[], { cards }: Progress, flag: string): string {
  const nowMs = Date.now();
  const due = dueCards(ids, cards, nowMs).length;
  if (due > 0) {
    return `${due} ${due === 1 ? "question is" : "questions are"} due again: npm run learn -- --${flag}`;
  }
  const own = Object.fromEntries(Object.entries(cards).filter(([id]) => ids.includes(id)));
  const nextMs = nextDueMs(own, nowMs) ?? nowMs;
  return `Nothing is due. The next question comes back on ${dayOf(nextMs)}.`;
}
