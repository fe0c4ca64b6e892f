import { changeProgress, loadProgress, type Progress } from "@unblock/progress/progress";
import { type Paint, paintFor, wrap, wrapBehind } from "@unblock/terminal/text";
import { type AnswerQuality, afterAnswer, dayOf, dueCards, nextDueMs } from "../review/schedule.ts";
import { describeKey, listenToKeys } from "../terminal.ts";

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

export type Session = ReturnType<typeof openSession>;

/**
 * Asks the questions that are due, until all are answered or the person leaves.
 *
 * @param path the progress file
 * @param flag that starts such a session, such as "quiz"
 * @param ids the questions that may be asked
 * @param askOne asks one of them and explains the answer
 */
export async function runSession(
  path: string,
  flag: string,
  ids: readonly string[],
  askOne: (id: string, session: Session, progress: Progress) => Promise<Choice>,
): Promise<void> {
  const width = Math.max(40, Math.min(maxColumns, process.stdout.columns - 1));
  const paint = paintFor(process.stdout);
  const { state: progress, notice } = loadProgress(path);
  if (notice !== undefined) {
    say(...wrap(notice, width), "");
  }
  const due = dueCards(ids, progress.cards, Date.now());
  const describeNext = () => wrap(describeNextDue(ids, loadProgress(path).state, flag), width);
  if (due.length === 0) {
    say(...describeNext());
    return;
  }
  const session = openSession(path, width, paint);
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
    if (!session.left.aborted) {
      throw error;
    }
    say("", `Your answers are saved. \`npm run learn -- --${flag}\` continues.`);
  } finally {
    session.close();
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
      return meaning === undefined ? [label.trimEnd()] : wrapBehind(label, meaning, width);
    }),
    "",
  ];
}

function renderVerdict({ text, quality, reason }: Choice, width: number, paint: Paint): string[] {
  const verdict = paint(quality === "wrong" ? "red" : "green", `${text}: ${verdicts[quality]}`);
  return [verdict, ...(reason === "" ? [] : wrap(reason, width)), ""];
}

export function renderReasons(choices: readonly Choice[], width: number, paint: Paint): string[] {
  const textWidth = widthOf(choices);
  return choices.flatMap(({ text, quality, reason }) => {
    const mark = paint(quality === "wrong" ? "red" : "green", marks[quality]);
    return wrapBehind(`${mark} ${text.padEnd(textWidth)}  `, reason, width);
  });
}

function widthOf(choices: readonly Choice[]): number {
  return Math.max(...choices.map(({ text }) => text.length));
}

/** Opens the terminal for questions. The person leaves with q or Ctrl-C; then `ask` and `pressEnter` throw. */
function openSession(path: string, width: number, paint: Paint) {
  const leave = new AbortController();
  let waiting: ((key: string) => void) | undefined;
  const close = listenToKeys((key) => {
    if (key === "q" || key === "ctrl-c") {
      leave.abort();
    }
    waiting?.(key);
  });
  /** Waits for one of the keys; at any other key it says what is expected, such as "1 to 8". */
  const press = async (text: string, keys: readonly string[], expected: string) => {
    for (;;) {
      leave.signal.throwIfAborted();
      process.stdout.write(text);
      const key = await new Promise<string>((resolve) => {
        waiting = resolve;
      });
      waiting = undefined;
      leave.signal.throwIfAborted();
      if (keys.includes(key)) {
        return key;
      }
      say("", `${describeKey(key)} does nothing here: press ${expected}.`);
    }
  };
  return {
    width,
    paint,
    close,
    /** Aborts when the person leaves. */
    left: leave.signal,
    /** Asks a question, stores the answer and shows whether it is right. */
    ask: async (id: string, asked: Asked) => {
      say(...renderQuestion(asked, width, paint));
      const keys = asked.choices.map((_, index) => String(index + 1));
      const text = `Your answer? 1–${keys.length}, or q to leave: `;
      const key = await press(text, keys, `1 to ${keys.length}, or q`);
      const choice = asked.choices[keys.indexOf(key)];
      if (choice === undefined) {
        throw new Error(`Expected one of ${keys.join(", ")}, got ${key}`);
      }
      say(key, "");
      await storeAnswer(path, id, choice.quality);
      say(...renderVerdict(choice, width, paint));
      return choice;
    },
    /** Waits for Enter or the space bar. */
    pressEnter: async (text: string) => {
      await press(text, ["return", "space"], "Enter or q");
      say("", "");
    },
  };
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
