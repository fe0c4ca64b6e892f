import { type ChildProcess, fork } from "node:child_process";
import { on, once } from "node:events";
import { childEnvironment } from "../../cli/child-environment.ts";
import type { Told } from "../../registry/fired-runs.ts";
import { Failure } from "../errors.ts";

interface Firing {
  /** Its program. Another room's, which is only ever started from here: the arrows point one way. */
  readonly main: URL;
  /** What it is told first. */
  readonly order: object;
  /** Its abort ends the process at once. */
  readonly signal: AbortSignal;
  /** Told of each message as it arrives, however fast the messages are taken. */
  readonly onTold?: (told: Told, answer: (message: string) => void) => void;
}

/**
 * Starts a process that fires at this server, and gives what it tells until it ends. It ends with whoever
 * takes the messages.
 *
 * @throws Failure "unavailable" when it ends before its end; the signal's reason when that aborts
 */
export async function* fireFrom({ main, order, signal, onTold }: Firing): AsyncGenerator<Told> {
  signal.throwIfAborted();
  // It calls exercises, which are open to all, and needs no token.
  const env = childEnvironment();
  const child = fork(main, { execArgv: [], env, stdio: ["ignore", "ignore", "inherit", "ipc"] });
  // "close" comes when all that it said has been read.
  const ended = once(child, "close");
  // Who waits for messages hears of what goes wrong with its start, too.
  ended.catch(() => {});
  const answer = (message: string) => {
    // To whom has ended there is nothing to say.
    child.send(message, () => {});
  };
  child.on("message", (told: Told) => onTold?.(told, answer));
  const messages = on(child, "message", { signal, close: ["close"] });
  child.send(order, () => {});
  try {
    for await (const message of messages) {
      const [told]: Told[] = message;
      if (told === undefined) {
        continue;
      }
      if (told.kind === "failed") {
        throw new Failure("UNBLOCK_RUN_FAILED", { reason: `gave up: ${told.message}` });
      }
      yield told;
    }
    if (child.exitCode !== 0) {
      throw new Failure("UNBLOCK_RUN_FAILED", { reason: describeEnd(child) });
    }
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    child.kill("SIGKILL");
    await ended.catch(() => {});
  }
}

function describeEnd({ exitCode, signalCode }: ChildProcess): string {
  return `ended too early (${signalCode ?? `exit code ${exitCode}`}); standard error may say why.`;
}
