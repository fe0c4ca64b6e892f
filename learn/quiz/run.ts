import { type Paint, wrap } from "../terminal/text.ts";
import { type Measured, measure } from "./measure.ts";
import type { Question } from "./question.ts";
import { bigFile } from "./questions/big-file.ts";
import { bigJson } from "./questions/big-json.ts";
import { gzip } from "./questions/gzip.ts";
import { nameLookups } from "./questions/name-lookups.ts";
import { passwordHash } from "./questions/password-hash.ts";
import { tokenStream } from "./questions/token-stream.ts";
import { type Choice, renderReasons, runSession, type Session, say } from "./session.ts";

/** All questions, in the order in which new ones are asked. */
export const questions: readonly Question[] = [
  passwordHash,
  bigJson,
  gzip,
  nameLookups,
  tokenStream,
  bigFile,
];

/**
 * Asks the questions of the quiz that are due, on a terminal.
 *
 * @param path the progress file
 */
export async function runQuiz(path: string): Promise<void> {
  const ids = questions.map(({ id }) => id);
  await runSession(
    path,
    "quiz",
    () => ids,
    (id, session) => askQuestion(questionOf(id), session),
  );
}

/** @throws Error when there is no such question */
export function questionOf(id: string): Question {
  const question = questions.find((one) => one.id === id);
  if (question === undefined) {
    throw new Error(`Expected a question of the quiz, got ${id}`);
  }
  return question;
}

/** Asks one question, then measures its ways and explains all strategies. */
export async function askQuestion(question: Question, session: Session): Promise<Choice> {
  const { width, paint } = session;
  const choice = await session.ask(question.id, question);
  const measured = await measureAll(question, session.left);
  say(...renderMeasured(question, measured, width, paint));
  await session.pressEnter("Enter: what the other ways do. q: leave. ");
  say(...renderAnswers(question, width, paint));
  await session.pressEnter("Enter: continue. q: leave. ");
  return choice;
}

async function measureAll(
  { measurement }: Question,
  left: AbortSignal,
): Promise<readonly Measured[]> {
  const measured: Measured[] = [];
  for (const way of measurement.ways) {
    process.stdout.write(`\r\x1b[Kmeasuring: ${way.name} …`);
    measured.push(await measure(measurement, way, left));
    left.throwIfAborted();
  }
  process.stdout.write("\r\x1b[K");
  return measured;
}

/** Renders the table of a measurement. */
export function renderMeasured(
  { measurement }: Question,
  measured: readonly Measured[],
  width: number,
  paint: Paint,
): string[] {
  const { title, columns, ways, reading } = measurement;
  const nameWidth = Math.max(...ways.map(({ name }) => name.length));
  const cell = (text: string, heading: string) => text.padStart(Math.max(heading.length, 8) + 3);
  const header = columns.map((column) => cell(column.title, column.title)).join("");
  return [
    ...wrap(`Measured on this machine: ${title}`, width).map((line) => paint("bold", line)),
    paint("dim", `  ${" ".repeat(nameWidth)}${header}`),
    ...measured.flatMap(({ way, figures, problem }) => {
      const label = `  ${way.name.padEnd(nameWidth)}`;
      return figures === undefined
        ? wrap(`could not be measured: ${problem}`, width, `${label}  `, "    ")
        : [label + columns.map(({ title, value }) => cell(value(figures), title)).join("")];
    }),
    ...wrap(reading, width),
    "",
  ];
}

/** Renders every strategy with its reason, and the lesson. */
export function renderAnswers(question: Question, width: number, paint: Paint): string[] {
  return [
    paint("bold", "All strategies: ★ recommended, ✓ works at a price, ✗ wrong here"),
    ...renderReasons(question.choices, width, paint),
    "",
    ...wrap(question.lesson, width),
    "",
  ];
}
