import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { JsonObject } from "@unblock/progress/json";
import { type Pass, type Progress, parsePass, progressOf } from "@unblock/progress/progress";
import {
  fingerprintOf,
  isSignedBy,
  openKey,
  publicKeyOf,
  signStatement,
} from "@unblock/progress/signature";
import { exercises } from "@unblock/proto/exercises";
import { resultIn } from "./results.ts";
import { scoreOfProgress } from "./score.ts";

const format = "unblock-result-1";
/** Larger files are not result files. */
const maxBytes = 8_000_000;

/** Signed content of a result file. */
export interface ResultStatement {
  readonly format: typeof format;
  /** ISO 8601. */
  readonly writtenAt: string;
  readonly passed: number;
  readonly of: number;
  /** Such as "Expert – ready for production MLOps"; null while some exercises are unchecked. */
  readonly level: string | null;
  /** Each signed when its check passed. */
  readonly passes: readonly Pass[];
}

/** Reason why a result file is not valid. */
export type Invalidity =
  | "signature-mismatch"
  | "pass-of-another-key"
  | "score-without-evidence"
  | "evidence-without-pass";

/** Outcome of the verification of a result file. */
export type Verification =
  | {
      readonly valid: true;
      readonly statement: ResultStatement;
      /** Fingerprint of the key that signed the file. */
      readonly fingerprint: string;
    }
  | {
      readonly valid: false;
      readonly reason: Invalidity;
      /** Letters of the exercises concerned. */
      readonly letters: readonly string[];
    };

/**
 * Writes the result of the course: score, answers, evidence and signature.
 *
 * @param path default: `result.json` in the learner's folder
 * @returns the path
 */
export function writeResultFile(
  progress: Progress,
  yours: string,
  path = join(yours, "result.json"),
): string {
  const { passed, of, level } = scoreOfProgress(progress);
  const statement: ResultStatement = {
    format,
    writtenAt: new Date().toISOString(),
    passed,
    of,
    level: level ?? null,
    passes: exercises.flatMap(({ letter }) => progressOf(progress, letter).pass ?? []),
  };
  const key = openKey(yours);
  const file = { ...signStatement(statement, key), publicKey: publicKeyOf(key) };
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(file, undefined, 2)}\n`);
  renameSync(draft, path);
  return path;
}

/**
 * Verifies the text of a result file, without network access.
 *
 * @throws Error when it is not a result file
 */
export function verifyResultFile(text: string): Verification {
  const file = new JsonObject(parseJson(text), "a result file");
  const publicKey = file.string("publicKey");
  const signature = file.string("signature");
  const json = file.object("statement");
  json.oneOf("format", [format]);
  if (!isSignedBy({ statement: file.value("statement"), signature }, publicKey)) {
    return invalid("signature-mismatch", []);
  }
  const statement = parseStatement(json);
  const { passes, passed } = statement;
  const unsigned = passes.filter((pass) => !isSignedBy(pass, publicKey));
  if (unsigned.length > 0) {
    return invalid("pass-of-another-key", unsigned);
  }
  if (new Set(passes.map(letterOf)).size !== passes.length || passes.length !== passed) {
    return invalid("score-without-evidence", passes);
  }
  const unproved = passes.filter((pass) => !isEvidence(pass));
  return unproved.length > 0
    ? invalid("evidence-without-pass", unproved)
    : { valid: true, statement, fingerprint: fingerprintOf(publicKey) };
}

function invalid(reason: Invalidity, passes: readonly Pass[]): Verification {
  return { valid: false, reason, letters: passes.map(letterOf) };
}

/**
 * Verifies a result file and prints what it proves.
 *
 * @returns the exit code: 0 valid, 2 not valid
 * @throws Error when the file can't be read or is not a result file
 */
export function runVerify(path: string): 0 | 2 {
  const bytes = readFileSync(path);
  if (bytes.length > maxBytes) {
    throw new Error(`Expected a result file of at most ${maxBytes} bytes, got ${bytes.length}`);
  }
  const verification = verifyResultFile(bytes.toString("utf8"));
  process.stdout.write(`${renderVerification(path, verification).join("\n")}\n`);
  return verification.valid ? 0 : 2;
}

function renderVerification(path: string, verification: Verification): string[] {
  if (!verification.valid) {
    const about = verification.letters.join(", ") || "no exercise";
    const reason = {
      "signature-mismatch": "its signature does not match, so it was altered after it was written",
      "pass-of-another-key": `the evidence of ${about} is not signed by the file's key`,
      "score-without-evidence": `its score does not match its evidence, which is of ${about}`,
      "evidence-without-pass": `the evidence of ${about} is not that of a PASS`,
    }[verification.reason];
    return [`${path} is NOT valid: ${reason}.`];
  }
  const { passed, of, level, writtenAt, passes } = verification.statement;
  return [
    `${path} is valid: ${passed} of ${of} passed${level === null ? "" : `: ${level}`}.`,
    `Written ${writtenAt}, unchanged since the key ${verification.fingerprint} signed it.`,
    "",
    ...passes.map(({ statement: { exercise, checkedAt, result, source, machine } }) => {
      const title = exercises.find(({ letter }) => letter === exercise)?.title ?? "";
      const decided = resultIn(result)?.decided ?? "no strategy";
      return `  ✓ ${exercise}  ${title}: as ${decided}, ${source.length} characters, checked ${checkedAt} on ${machine.cores} cores, Node ${machine.node}`;
    }),
    "",
    "The key was created on the learner's machine: it proves that nothing was altered afterwards, not",
    "who wrote the answers. They are in the file (passes[].statement.source); check them to be sure.",
  ];
}

function isEvidence({ statement: { exercise, result } }: Pass): boolean {
  const found = resultIn(result);
  return (
    exercises.some(({ letter }) => letter === exercise) &&
    found?.exercise === exercise &&
    found.verdict === "PASS"
  );
}

function letterOf({ statement: { exercise } }: Pass): string {
  return exercise;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("Expected a result file, which is JSON, got another file");
  }
}

function parseStatement(json: JsonObject): ResultStatement {
  return {
    format: json.oneOf("format", [format]),
    writtenAt: json.string("writtenAt"),
    passed: json.number("passed"),
    of: json.number("of"),
    level: json.value("level") === null ? null : json.string("level"),
    passes: json
      .list("passes")
      .map((pass) => parsePass(new JsonObject(pass, "an entry of passes"))),
  };
}
