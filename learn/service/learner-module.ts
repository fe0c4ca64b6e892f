import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { Decision } from "../handler.ts";

/** What a learner's file exports, as far as the service needs it. */
export interface LearnerModule {
  /** Undefined when the file exports none, or one of another shape. */
  readonly decision: Decision | undefined;
  readonly handler: (
    request: MessageShape<DescMessage>,
    signal: AbortSignal,
  ) => MessageInitShape<DescMessage> | Promise<MessageInitShape<DescMessage>>;
  /** How large the file wants libuv's pool; undefined when it does not say. */
  readonly libuvThreads: number | undefined;
}

/** libuv's pool is never larger. */
const mostLibuvThreads = 1024;

/**
 * Loads a learner's file.
 *
 * @param url its file: URL
 * @throws Error that says what of its exports is not as expected, and whatever the file throws
 */
export async function loadLearnerModule(url: string): Promise<LearnerModule> {
  const exports: Record<string, unknown> = await import(url);
  const { decision, handler, libuvThreads } = exports;
  if (!isHandler(handler)) {
    const names = Object.keys(exports).join(", ") || "nothing";
    throw new Error(`expected it to export a function "handler", it exports ${names}`);
  }
  return {
    decision: isDecision(decision) ? decision : undefined,
    handler,
    libuvThreads: checkedThreads(libuvThreads),
  };
}

// What a function takes and gives can't be seen from here: the type check has seen it.
function isHandler(value: unknown): value is LearnerModule["handler"] {
  return typeof value === "function";
}

function isDecision(value: unknown): value is Decision {
  return (
    typeof value === "object" &&
    value !== null &&
    "strategy" in value &&
    typeof value.strategy === "string" &&
    "why" in value &&
    typeof value.why === "string"
  );
}

function checkedThreads(value: unknown): number | undefined {
  if (value === undefined) {
    return undefined;
  }
  if (
    typeof value !== "number" ||
    !Number.isInteger(value) ||
    value < 1 ||
    value > mostLibuvThreads
  ) {
    throw new Error(
      `expected libuvThreads to be a whole number from 1 to ${mostLibuvThreads}, got ${value}`,
    );
  }
  return value;
}
