import { type Stack, toFile } from "./stack.ts";

/** Further out there are only those who call handlers. */
const deepest = 64;

/** The stack of whoever calls this, at that very place: each frame with its line. */
export function captureStack(): Stack {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const holder: { stack?: unknown } = {};
  let stack: Stack = [];
  try {
    Error.stackTraceLimit = deepest;
    Error.prepareStackTrace = (_, sites) => {
      stack = toStack(sites);
      return "";
    };
    Error.captureStackTrace(holder, captureStack);
    // V8 formats it when it is asked for.
    void holder.stack;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
  return stack;
}

function toStack(sites: readonly NodeJS.CallSite[]): Stack {
  return (
    sites
      // Those who await are not on the stack: V8 only adds them to be helpful.
      .filter((site) => !site.isAsync())
      .map((site) => ({
        name: site.getFunctionName() ?? "",
        file: toFile(site.getFileName() ?? ""),
        line: site.getLineNumber() ?? undefined,
        column: site.getColumnNumber() ?? undefined,
        nearLine: undefined,
        begins: {
          line: site.getEnclosingLineNumber() ?? 0,
          column: site.getEnclosingColumnNumber() ?? 0,
        },
      }))
  );
}
