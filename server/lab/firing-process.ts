import { type ChildProcess, fork } from "node:child_process";
import { on, once } from "node:events";
import { Failure } from "@unblock/errors/failure";
import type { RunMessage } from "@unblock/proto/fired-runs";
import { childEnvironment } from "@unblock/terminal/process";

interface ChildRun {
  /** Program of the child process. The server only ever starts it, and does not import it. */
  readonly main: URL;
  readonly order: object;
  /** Its abort kills the child process at once. */
  readonly signal: AbortSignal;
  /** Called with each message on arrival, even if the generator is not read yet. */
  readonly onMessage?: (message: RunMessage, reply: (text: string) => void) => void;
}

/**
 * Starts a process that calls this server, and yields its messages until it ends. The process ends
 * with the generator.
 *
 * @throws Failure "unavailable" when the process fails; the signal's reason when that aborts
 */
export async function* runInChild({
  main,
  order,
  signal,
  onMessage,
}: ChildRun): AsyncGenerator<RunMessage> {
  signal.throwIfAborted();
  // It calls exercises, which need no token.
  const env = childEnvironment();
  const child = fork(main, { execArgv: [], env, stdio: ["ignore", "ignore", "inherit", "ipc"] });
  // "close" comes when all messages have been read.
  const ended = once(child, "close");
  // The iteration below also reports a failed start.
  ended.catch(() => {});
  // Ignores that the process may have ended.
  const reply = (text: string) => child.send(text, () => {});
  child.on("message", (message: RunMessage) => onMessage?.(message, reply));
  const messages = on(child, "message", { signal, close: ["close"] });
  child.send(order, () => {});
  try {
    for await (const args of messages) {
      const [message]: RunMessage[] = args;
      if (message === undefined) {
        continue;
      }
      if (message.kind === "failed") {
        throw new Failure("UNBLOCK_RUN_FAILED", { reason: `failed: ${message.message}` });
      }
      yield message;
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
