import { type Pass, parsePass } from "../../progress/progress.ts";
import { fingerprintOf, isSignedBy } from "../../progress/signature.ts";
import { record } from "../../progress/state-file.ts";
import { exercises } from "../../registry/exercises.ts";
import { resultIn } from "../stored-result.ts";

export const format = "unblock-result-1";

/** What the signature of a result file covers. */
export interface ResultStatement {
  readonly format: typeof format;
  /** ISO 8601. */
  readonly writtenAt: string;
  readonly passed: number;
  readonly of: number;
  /** Such as "Expert – ready for production MLOps"; null while not all have been checked. */
  readonly level: string | null;
  /** Signed one by one, when they passed. */
  readonly passes: readonly Pass[];
}

/** A result file that was verified. */
export interface Verified {
  readonly statement: ResultStatement;
  /** Short name of the key that signed it. */
  readonly fingerprint: string;
}

/**
 * Verifies a result file, without the network.
 *
 * @returns why it is not valid, when it is not
 * @throws Error when it is not a result file at all
 */
export function verifyResultFile(text: string): Verified | string {
  const { statement: json, signature, publicKey } = record(parseJson(text), "a result file");
  const statement = record(json, "its statement");
  if (statement.format !== format) {
    throw new Error(`Expected a result file of the format ${format}, got another file`);
  }
  if (typeof signature !== "string" || typeof publicKey !== "string") {
    throw new Error("Expected a result file with a signature and a publicKey, found none");
  }
  if (!isSignedBy({ statement, signature }, publicKey)) {
    return "the signature is not that of its key: the file was altered after it was written";
  }
  const parsed = parseStatement(statement);
  const letters = parsed.passes.map(({ statement: { exercise } }) => exercise);
  const unsigned = parsed.passes.filter((pass) => !isSignedBy(pass, publicKey));
  if (unsigned.length > 0) {
    const which = unsigned.map(({ statement: { exercise } }) => exercise).join(", ");
    return `the evidence of ${which} is not signed by the same key`;
  }
  if (new Set(letters).size !== letters.length || letters.length !== parsed.passed) {
    return `it says ${parsed.passed} passed, and has evidence of ${[...new Set(letters)].join(", ") || "none"}`;
  }
  const unproved = parsed.passes.filter(({ statement: { exercise, result } }) => {
    const found = resultIn(result);
    return (
      !exercises.some(({ letter }) => letter === exercise) ||
      found?.exercise !== exercise ||
      found.verdict !== "PASS"
    );
  });
  return unproved.length > 0
    ? `the evidence of ${unproved.map(({ statement: { exercise } }) => exercise).join(", ")} is not that of a PASS`
    : { statement: parsed, fingerprint: fingerprintOf(publicKey) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("Expected a result file, which is JSON, got another file");
  }
}

function parseStatement(json: Readonly<Record<string, unknown>>): ResultStatement {
  const { writtenAt, passed, of, level, passes } = json;
  if (
    typeof writtenAt !== "string" ||
    typeof passed !== "number" ||
    typeof of !== "number" ||
    (level !== null && typeof level !== "string") ||
    !Array.isArray(passes)
  ) {
    throw new Error("Expected a result file to have all its fields, got another shape");
  }
  return {
    format,
    writtenAt,
    passed,
    of,
    level,
    passes: passes.map((pass: unknown, index) => parsePass(pass, `entry ${index + 1}`)),
  };
}
