import { type Paint, paintFor } from "../terminal/paint.ts";
import { wrap } from "../terminal/wrap.ts";
import { type Cards, loadCards, saveCards } from "./cards.ts";
import { type Measured, measure } from "./measure.ts";
import { openPrompt, type Prompt } from "./prompt.ts";
import { isRight, type Question, type Strategy, strategyNames } from "./question.ts";
import { questions } from "./questions/index.ts";
import { renderAnswers, renderGrade, renderMeasured, renderQuestion } from "./render.ts";
import { afterAnswer, dueQuestions, nextDueMs } from "./schedule.ts";

const mostColumns = 100;
const ids = questions.map(({ id }) => id);

/** Asks what is due, on a terminal, one question after the other, until it is through or left. */
export async function runQuiz(cardsPath: string): Promise<void> {
  const width = Math.max(40, Math.min(mostColumns, process.stdout.columns - 1));
  const paint = paintFor(process.stdout);
  const loaded = loadCards(cardsPath);
  let cards = loaded.state;
  if (loaded.notice !== undefined) {
    say(...wrap(loaded.notice, width), "");
  }
  const due = dueQuestions(ids, cards, Date.now());
  if (due.length === 0) {
    say(`Nothing is due. ${whatIsNext(cards)}`);
    return;
  }
  const prompt = openPrompt();
  try {
    for (const [index, question] of questionsOf(due).entries()) {
      const heading = `── Question ${index + 1} of ${due.length} `;
      say(paint("dim", heading.padEnd(width, "─")), "", ...renderQuestion(question, width, paint));
      const choice = await choose(prompt);
      const right = isRight(question, choice);
      cards = { ...cards, [question.id]: afterAnswer(cards[question.id], right, Date.now()) };
      saveCards(cards, cardsPath);
      await explain(question, choice, prompt, width, paint);
    }
    say(whatIsNext(cards));
  } catch (error) {
    // Who leaves in the middle of something has not met with an error.
    if (!prompt.left.aborted) {
      throw error;
    }
    say("", "What you have answered is kept. `npm run learn -- --quiz` goes on.");
  } finally {
    prompt.close();
  }
}

async function choose(prompt: Prompt): Promise<Strategy> {
  const keys = strategyNames.map((_, index) => String(index + 1));
  const text = "Which one would you take? Several may be right. 1–8, or q to leave: ";
  const key = await prompt.press(text, keys);
  const choice = strategyNames[keys.indexOf(key)];
  if (choice === undefined) {
    throw new Error(`Expected one of ${keys.join(", ")}, got ${key}`);
  }
  say(key, "");
  return choice;
}

async function explain(
  question: Question,
  choice: Strategy,
  prompt: Prompt,
  width: number,
  paint: Paint,
): Promise<void> {
  say(...renderGrade(question, choice, width, paint));
  const measured = await measureAll(question, prompt.left);
  say(...renderMeasured(question, measured, width, paint));
  await prompt.press("Enter: what the other ways do. q: leave. ", ["return", "space"]);
  say("", "", ...renderAnswers(question, width, paint));
  await prompt.press("Enter: go on. q: leave. ", ["return", "space"]);
  say("", "");
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

function say(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}

function questionsOf(due: readonly string[]): Question[] {
  return due.flatMap((id) => questions.filter((one) => one.id === id));
}

function whatIsNext(cards: Cards): string {
  const nowMs = Date.now();
  const open = dueQuestions(ids, cards, nowMs).length;
  if (open > 0) {
    const what = open === 1 ? "1 question comes" : `${open} questions come`;
    return `${what} back when you ask for the quiz again.`;
  }
  const dueMs = nextDueMs(ids, cards, nowMs) ?? nowMs;
  return `The next question comes back on ${new Date(dueMs).toLocaleDateString("sv")}.`;
}
