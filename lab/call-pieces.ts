interface TimedCall {
  readonly sentMs: number;
  readonly endedMs: number;
  /** Start of the first step at the server; undefined when unknown. */
  readonly beganMs?: number | undefined;
  /** The steps at the server, in order. */
  readonly steps: readonly { readonly name: string; readonly ms: number }[];
}

interface CallPiece {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export function piecesOf({ sentMs, endedMs, beganMs, steps }: TimedCall): CallPiece[] {
  let atMs = Math.max(sentMs, beganMs ?? sentMs);
  const pieces: CallPiece[] = [{ name: "waiting to be seen", fromMs: sentMs, toMs: atMs }];
  for (const { name, ms } of steps) {
    pieces.push({ name, fromMs: atMs, toMs: atMs + ms });
    atMs += ms;
  }
  pieces.push({ name: "reply on its way", fromMs: atMs, toMs: endedMs });
  return pieces;
}

/** Start of a call's work. Bars are sorted by it. */
export function workStart({ sentMs, beganMs, steps }: TimedCall): number {
  const before = steps.filter(({ name }) => name !== "work");
  return (beganMs ?? sentMs) + before.reduce((sum, { ms }) => sum + ms, 0);
}

/** Distance of an axis's ticks: the smallest of 1, 2 and 5 times a power of ten that is `min` or more. */
export function niceStep(min: number): number {
  const power = 10 ** Math.floor(Math.log10(min));
  return ([1, 2, 5].find((factor) => factor * power >= min) ?? 10) * power;
}
