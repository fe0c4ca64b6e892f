import { Session } from "node:inspector";
import { type Stack, toFile } from "./stack.ts";

/** How long an answer may take from a thread that shares its core with others, in milliseconds. */
const answerMs = 1_000;
/** Runs in the threads, which load nothing for it. */
const expression = 'process.getBuiltinModule("node:util").getCallSites(64)';

/** What the inspector says of a thread, as far as it is read. */
interface Attached {
  readonly params: { readonly sessionId: string; readonly workerInfo: { readonly title: string } };
}

interface Received {
  readonly params: { readonly message: string };
}

/** The answer to the expression. */
interface Answer {
  readonly result?: { readonly result?: { readonly value?: readonly CallSite[] } };
}

interface CallSite {
  readonly functionName: string;
  readonly scriptName: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

/**
 * Looks once at the stacks of worker threads, in the middle of what they do. A profile would not know
 * the lines of what was compiled before it began.
 *
 * @param threadIds those that are looked at; not all may answer
 */
export async function lookAtThreads(threadIds: ReadonlySet<number>): Promise<Stack[]> {
  const stacks: Stack[] = [];
  const { promise: isDone, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, answerMs).unref();
  const session = new Session();
  session.connect();
  session.on("NodeWorker.attachedToWorker", ({ params }: Attached) => {
    const { sessionId, workerInfo } = params;
    if (threadIds.has(threadIdIn(workerInfo.title))) {
      const parameters = { expression, returnByValue: true };
      const message = JSON.stringify({ id: 1, method: "Runtime.evaluate", params: parameters });
      session.post("NodeWorker.sendMessageToWorker", { sessionId, message });
    }
  });
  session.on("NodeWorker.receivedMessageFromWorker", ({ params: { message } }: Received) => {
    const answer: Answer = JSON.parse(message);
    stacks.push(toStack(answer.result?.result?.value ?? []));
    if (stacks.length === threadIds.size) {
      resolve();
    }
  });
  try {
    session.post("NodeWorker.enable", { waitForDebuggerOnStart: false });
    await isDone;
    session.post("NodeWorker.disable");
  } finally {
    clearTimeout(timer);
    session.disconnect();
  }
  return stacks;
}

/** The title is such as "[worker 2] WorkerThread". */
function threadIdIn(title: string): number {
  return Number(/^\[worker (\d+)\]/.exec(title)?.[1]);
}

/** Empty while the thread loads modules: that ends by itself, and then the thread has work to do. */
function toStack(sites: readonly CallSite[]): Stack {
  const inFile = sites.findIndex(({ scriptName }) => toFile(scriptName) !== undefined);
  const inner = inFile === -1 ? sites : sites.slice(0, inFile);
  if (inner.some(({ scriptName }) => scriptName.startsWith("node:internal/modules"))) {
    return [];
  }
  return sites.map(({ functionName, scriptName, lineNumber, columnNumber }) => ({
    name: functionName,
    file: toFile(scriptName),
    line: lineNumber,
    column: columnNumber,
    nearLine: undefined,
    // Not told.
    begins: { line: 1, column: 1 },
  }));
}
