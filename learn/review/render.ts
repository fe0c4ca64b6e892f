import type { Paint } from "../terminal/paint.ts";
import { wrap } from "../terminal/wrap.ts";
import type { Choice, Variant } from "./variant.ts";

const verdicts = { recommended: "right", works: "right, at a price", wrong: "wrong" } as const;

export function renderVariant(
  { title, question, choices }: Variant,
  width: number,
  paint: Paint,
): string[] {
  return [
    ...wrap(title, width).map((line) => paint("bold", line)),
    ...wrap(question, width),
    "",
    ...choices.flatMap(({ text }, index) => wrap(text, width, `  ${index + 1}  `, "     ")),
    "",
  ];
}

/** Whether the choice is right, and why each of them is or is not. */
export function renderChoice(
  { choices }: Variant,
  chosen: Choice,
  width: number,
  paint: Paint,
): string[] {
  const others = choices.filter((one) => one !== chosen);
  return [
    paint(
      chosen.quality === "wrong" ? "red" : "green",
      `${chosen.text}: ${verdicts[chosen.quality]}`,
    ),
    ...(chosen.reason === "" ? [] : wrap(chosen.reason, width)),
    "",
    ...others.flatMap(({ text, quality, reason }) => {
      const mark = { recommended: "★", works: "✓", wrong: "✗" }[quality];
      return wrap(reason, width, `${mark} ${text}${reason === "" ? "" : ": "}`, "  ");
    }),
    "",
  ];
}
