import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  type Pass,
  type Progress,
  passSchema,
  problemOf,
  progressOf,
} from "@unblock/progress/progress";
import {
  fingerprintOf,
  isSignedBy,
  openKey,
  publicKeyOf,
  signStatement,
} from "@unblock/progress/signature";
import { exercises } from "@unblock/proto/exercises";
import { z } from "zod";
import { resultIn } from "./results.ts";
import { scoreOfProgress } from "./score.ts";

const format = "unblock-result-1";

/** Signed content of a result file. */
const statementSchema = z.object({
  format: z.literal(format),
  /** ISO 8601. */
  writtenAt: z.string(),
  passed: z.number(),
  of: z.number(),
  /** Such as "Expert – ready for production MLOps"; null while some exercises are unchecked. */
  level: z.string().nullable(),
  /** Each signed when its check passed. */
  passes: z.array(passSchema),
});
const fileSchema = z.object({
  statement: statementSchema,
  signature: z.string(),
  publicKey: z.string(),
});

/** Why a result file is not valid. */
const problems = {
  "signature-mismatch": () =>
    "its signature does not match, so it was altered after it was written",
  "pass-of-another-key": (about: string) =>
    `the evidence of ${about} is not signed by the file's key`,
  "score-without-evidence": (about: string) =>
    `its score does not match its evidence, which is of ${about}`,
  "evidence-without-pass": (about: string) => `the evidence of ${about} is not that of a PASS`,
} as const;

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
  const statement: z.infer<typeof statementSchema> = {
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
export function verifyResultFile(text: string) {
  const { file, signed } = parseFile(text);
  const { statement, signature, publicKey } = file;
  if (!isSignedBy({ statement: signed, signature }, publicKey)) {
    return invalid("signature-mismatch", []);
  }
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
    : ({ valid: true, statement, fingerprint: fingerprintOf(publicKey) } as const);
}

/** @returns the statement as it was signed too, with fields that are unknown */
function parseFile(text: string) {
  try {
    const json: { readonly statement: unknown } = JSON.parse(text);
    return { file: fileSchema.parse(json), signed: json.statement };
  } catch (error) {
    throw new Error(`Expected a result file, got another one (${problemOf(error)})`);
  }
}

/** @param passes those concerned */
function invalid(reason: keyof typeof problems, passes: readonly Pass[]) {
  return { valid: false, reason, letters: passes.map(letterOf) } as const;
}

/**
 * Verifies a result file and prints what it proves.
 *
 * @returns the exit code: 0 valid, 2 not valid
 * @throws Error when the file can't be read or is not a result file
 */
export function runVerify(path: string): 0 | 2 {
  const verification = verifyResultFile(readFileSync(path, "utf8"));
  process.stdout.write(`${renderVerification(path, verification).join("\n")}\n`);
  return verification.valid ? 0 : 2;
}

function renderVerification(
  path: string,
  verification: ReturnType<typeof verifyResultFile>,
): string[] {
  if (!verification.valid) {
    const about = verification.letters.join(", ") || "no exercise";
    return [`${path} is NOT valid: ${problems[verification.reason](about)}.`];
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
