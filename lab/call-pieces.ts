/** What is known of a call, as far as it can be drawn. */
export interface TimedCall {
  readonly sentMs: number;
  readonly endedMs: number;
  /** When the server began with the steps; undefined when it did not say. */
  readonly beganMs?: number | undefined;
  /** What its time at the server went into, in order. */
  readonly steps: readonly { readonly name: string; readonly ms: number }[];
}

export interface CallPiece {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** What a call's time went into, in the order in which it passed: the pieces of its bar. */
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

/** When its work began; bars are in this order. */
export function workStart({ sentMs, beganMs, steps }: TimedCall): number {
  const before = steps.filter(({ name }) => name !== "work");
  return (beganMs ?? sentMs) + before.reduce((sum, { ms }) => sum + ms, 0);
}

/** The next larger of 1, 2 or 5 times a power of ten: the distance of an axis's marks. */
export function niceStep(atLeast: number): number {
  const power = 10 ** Math.floor(Math.log10(atLeast));
  return ([1, 2, 5].find((factor) => factor * power >= atLeast) ?? 10) * power;
}
