import { isPassed, progressOf } from "../../../progress/progress.ts";
import { exercises } from "../../../registry/exercises.ts";
import { describeLevel, levelOf } from "../../levels.ts";
import { describeMemory } from "../../memory.ts";
import { inWords } from "../../render/result.ts";
import { scoreOfProgress } from "../../score.ts";
import { lastResult } from "../../stored-result.ts";
import type { Paint } from "../../terminal/paint.ts";
import { wrap } from "../../terminal/wrap.ts";
import type { Model } from "../model.ts";

/** The end of the course: what was reached, what was mended on the way, and what comes after it. */
export function renderEnd({ progress, resultFile }: Model, width: number, paint: Paint): string[] {
  const { passed, of } = scoreOfProgress(progress);
  const text = (words: string) => wrap(words, width);
  return [
    ...text(`${passed} of ${of}: ${describeLevel(levelOf(passed))}`).map((line) =>
      paint("bold", line),
    ),
    "",
    ...exercises.flatMap(({ letter, title }) => {
      const { mistakes } = progressOf(progress, letter);
      const decided = lastResult(progress, letter)?.decided;
      const mended = mistakes.map((name) => inWords(name).toLowerCase());
      const more = [
        decided === undefined ? "" : `as ${decided}`,
        mended.length === 0 ? "" : `mended: ${mended.join(", ")}`,
      ].filter((part) => part !== "");
      const mark = isPassed(progress, letter) ? paint("green", "✓") : "·";
      const [first = "", ...rest] = wrap([title, ...more].join("; "), width, " ".repeat(7));
      return [`  ${mark} ${letter}  ${first.trimStart()}`, ...rest];
    }),
    "",
    ...describeMemory(progress, Date.now()).flatMap(text),
    paint("bold", "Your result file"),
    ...(resultFile === undefined
      ? []
      : [
          ...wrap(resultFile, width, "  "),
          ...text(
            "It holds your answers, what each check saw, and a signature. Anyone with this project can verify it without the network:",
          ),
          ...wrap(`npm run learn -- --verify ${resultFile}`, width, "  "),
        ]),
    "",
    paint("bold", "What comes after"),
    ...text("npm run learn -- --quiz: six other scenarios, each measured on your machine."),
    ...text("npm run learn -- --review: asks again, with other numbers, before you forget."),
    ...text("docs/diagnose.md: find these mistakes in a service of your own."),
  ];
}
