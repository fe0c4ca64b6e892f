import { Session } from "node:inspector";
import { fileStart, type Stack, toFile } from "./stack.ts";

/** Frames further out only call handlers. */
const maxFrames = 64;

/**
 * Captures the caller's stack; each frame has its line and column. May run in the middle of any call of the
 * program's, also to Node: what Node does by way of shared state, such as parsing URLs, must not be done here.
 */
export function captureStack(): Stack {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const holder: { stack?: unknown } = {};
  let sites: readonly NodeJS.CallSite[] = [];
  try {
    Error.stackTraceLimit = maxFrames;
    Error.prepareStackTrace = (_, captured) => {
      sites = captured;
      return "";
    };
    Error.captureStackTrace(holder, captureStack);
    // V8 formats the stack on access.
    void holder.stack;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
  return (
    sites
      // Functions that await are not on the stack: V8 adds them for people.
      .filter((site) => !site.isAsync())
      .map((site) => ({
        name: site.getFunctionName() ?? "",
        file: toFile(site.getFileName() ?? ""),
        line: site.getLineNumber() ?? undefined,
        column: site.getColumnNumber() ?? undefined,
        begins: {
          line: site.getEnclosingLineNumber() ?? 0,
          column: site.getEnclosingColumnNumber() ?? 0,
        },
      }))
  );
}

/** Timeout for responses of threads, which may share a core with others. */
const responseMs = 1_000;
/** Evaluated in the threads, which load nothing for it. */
const expression = `process.getBuiltinModule("node:util").getCallSites(${maxFrames})`;

interface EvaluateResponse {
  /** The value is an object instead if the thread is starting or ending, and has no `process`. */
  readonly result?: { readonly result?: { readonly value?: unknown } };
}

/** A call site of node:util. */
interface CallSite {
  readonly functionName: string;
  readonly scriptName: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

/**
 * Captures the stacks of worker threads once, in the middle of what they do. A profile would not know the
 * lines of code that was compiled before the profile began.
 *
 * @returns stacks of the threads that respond within a second
 */
export async function captureThreadStacks(
  threadIds: readonly number[],
): Promise<Map<number, Stack>> {
  const stacks = new Map<number, Stack>();
  const { promise: isDone, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, responseMs).unref();
  const session = new Session();
  session.connect();
  const attached = new Map<string, number>();
  // These events interrupt the program too.
  session.on("NodeWorker.attachedToWorker", ({ params }) => {
    const { sessionId, workerInfo } = params;
    const threadId = threadIds.find((id) => workerInfo.title.startsWith(`[worker ${id}]`));
    if (threadId !== undefined) {
      attached.set(sessionId, threadId);
      const parameters = { expression, returnByValue: true };
      const message = JSON.stringify({ id: 1, method: "Runtime.evaluate", params: parameters });
      session.post("NodeWorker.sendMessageToWorker", { sessionId, message });
    }
  });
  session.on("NodeWorker.receivedMessageFromWorker", ({ params: { sessionId, message } }) => {
    const response: EvaluateResponse = JSON.parse(message);
    const sites = response.result?.result?.value;
    const threadId = attached.get(sessionId);
    if (threadId !== undefined) {
      stacks.set(threadId, Array.isArray(sites) ? fromCallSites(sites) : []);
    }
    if (stacks.size === threadIds.length) {
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

/** Empty while the thread loads modules: that ends by itself, and then the thread has work to do. */
function fromCallSites(sites: readonly CallSite[]): Stack {
  const stack = sites.map(({ functionName, scriptName, lineNumber, columnNumber }) => ({
    name: functionName,
    file: toFile(scriptName),
    line: lineNumber,
    column: columnNumber,
    begins: fileStart,
  }));
  const inFile = stack.findIndex(({ file }) => file !== undefined);
  const inner = inFile === -1 ? sites : sites.slice(0, inFile);
  return inner.some(({ scriptName }) => scriptName.startsWith("node:internal/modules"))
    ? []
    : stack;
}
