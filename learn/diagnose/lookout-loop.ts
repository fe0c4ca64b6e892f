import { Session } from "node:inspector";
import { monotonicMs } from "../../registry/clock.ts";
import { ErrorOutput } from "./error-output.ts";
import { type LookoutData, lookoutCell, lookSymbol, toCell } from "./watch-thread-data.ts";

/** Between two looks whether the loop turns, in milliseconds. */
const restMs = 20;
/** The loop turns every 20 ms, however little there is to do. When it has not for so long, it is late. */
const lateMs = 28;
/** Between two looks at a loop that is late, in milliseconds. */
const closeMs = 5;
/** Later on a look is taken each time that the blockage has got so much longer. */
const growth = 1.1;
/** A blockage as long as this may never end, and then nobody else can tell of it, in milliseconds. */
const endlessMs = 10_000;
/** Runs in the watched thread, in the middle of what holds it. See lookout.ts. */
const lookExpression = (askedMs: number) =>
  `globalThis[Symbol.for(${JSON.stringify(lookSymbol)})]?.(${askedMs})`;

const output = new ErrorOutput();

/** What the inspector answers, as far as it is read. */
interface Answer {
  readonly result: { readonly value?: unknown };
}

/**
 * Takes looks at the stack of the main thread whenever its event loop does not turn.
 *
 * V8 lets an inspector in between any two steps of JavaScript, and even in Atomics.wait. In a call of
 * native code it lets it in when that returns. Until then, and while all is well, it costs nothing.
 *
 * @param readPausedMs for how long the whole process was paused so far: the loop could not turn then
 */
export function lookOut({ cells }: LookoutData, readPausedMs: () => number): void {
  let session: Session | undefined;
  let isAsking = false;
  let nextLookMs = 0;
  let seen: string | undefined;
  let hasTold = false;
  let lastTurnMs = 0;
  let pausedBeforeMs = 0;

  const disconnect = () => {
    session?.disconnect();
    session = undefined;
    isAsking = false;
    nextLookMs = 0;
    seen = undefined;
    hasTold = false;
    Atomics.store(cells, lookoutCell.connected, 0);
    Atomics.notify(cells, lookoutCell.connected);
  };
  const ask = () => {
    if (session === undefined) {
      Atomics.store(cells, lookoutCell.connected, 1);
      session = new Session();
      session.connectToMainThread();
    }
    isAsking = true;
    const asked = session;
    const expression = lookExpression(monotonicMs());
    asked.post("Runtime.evaluate", { expression }, (_, answer?: Answer) => {
      if (asked === session) {
        isAsking = false;
        const value = answer?.result.value;
        seen = typeof value === "string" ? value : undefined;
      }
    });
  };
  const look = () => {
    const turnedMs = Atomics.load(cells, lookoutCell.turnedMs);
    const pausedMs = readPausedMs();
    if (turnedMs !== lastTurnMs) {
      lastTurnMs = turnedMs;
      pausedBeforeMs = pausedMs;
    }
    const ageMs = ((toCell(monotonicMs()) - turnedMs) | 0) - Math.round(pausedMs - pausedBeforeMs);
    const isLate = turnedMs !== 0 && ageMs >= lateMs;
    if (Atomics.load(cells, lookoutCell.closing) === 1) {
      disconnect();
      return;
    }
    if (!isLate && session !== undefined) {
      disconnect();
    }
    if (isLate && !isAsking && ageMs >= nextLookMs) {
      nextLookMs = ageMs * growth;
      ask();
    }
    if (isLate && ageMs >= endlessMs && !hasTold) {
      hasTold = true;
      tellEndless(ageMs, seen);
    }
    setTimeout(look, isLate ? closeMs : restMs);
  };
  look();
}

function tellEndless(ageMs: number, seen: string | undefined): void {
  const where = seen === undefined ? "it is in a call of native code" : `last seen in ${seen}`;
  const message =
    `unblock diagnose: the event loop has not turned for ${Math.round(ageMs / 1_000)} s, ${where}. ` +
    `If it never does, Ctrl-C can't end the process: kill -9 ${process.pid}\n`;
  output.write(message);
}
