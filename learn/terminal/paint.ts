import { styleText } from "node:util";

type Style = "bold" | "dim" | "green" | "yellow" | "red" | "cyan";

/** Colours a text, or gives it back as it is. */
export type Paint = (style: Style, text: string) => string;

export const plainPaint: Paint = (_, text) => text;
export const colourPaint: Paint = (style, text) =>
  styleText(style, text, { validateStream: false });

/** Colours are for terminals that have them, and for people who want them: NO_COLOR. */
export function paintFor({
  isTTY,
  hasColors,
}: Pick<NodeJS.WriteStream, "isTTY" | "hasColors">): Paint {
  return isTTY && hasColors() ? colourPaint : plainPaint;
}
