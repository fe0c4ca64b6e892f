import { readFileSync } from "node:fs";
import { exercises } from "../../registry/exercises.ts";
import { resultIn } from "../stored-result.ts";
import { type Verified, verifyResultFile } from "./result-file.ts";

/** Larger files are none of ours. */
const maxBytes = 8_000_000;

/**
 * Verifies a result file and prints what it proves.
 *
 * @returns the exit code: 0 valid, 2 not valid
 * @throws Error when the file can't be read or is no result file
 */
export function runVerify(path: string): 0 | 2 {
  const bytes = readFileSync(path);
  if (bytes.length > maxBytes) {
    throw new Error(`Expected a result file of at most ${maxBytes} bytes, got ${bytes.length}`);
  }
  const verified = verifyResultFile(bytes.toString("utf8"));
  if (typeof verified === "string") {
    process.stdout.write(`${path} is NOT valid: ${verified}.\n`);
    return 2;
  }
  process.stdout.write(`${render(path, verified).join("\n")}\n`);
  return 0;
}

function render(path: string, { statement, fingerprint }: Verified): string[] {
  const { passed, of, level, writtenAt, passes } = statement;
  return [
    `${path} is valid: ${passed} of ${of} passed${level === null ? "" : `: ${level}`}.`,
    `Written ${writtenAt}, unchanged since the key ${fingerprint} signed it.`,
    "",
    ...passes.map(({ statement: { exercise, checkedAt, result, source, machine } }) => {
      const title = exercises.find(({ letter }) => letter === exercise)?.title ?? "";
      const decided = resultIn(result)?.decided ?? "no strategy";
      return `  ✓ ${exercise}  ${title}: as ${decided}, ${source.length} characters, checked ${checkedAt} on ${machine.cores} cores, Node ${machine.node}`;
    }),
    "",
    "The key was made on the learner's machine: it proves that nothing was altered afterwards, not who",
    "wrote the answers. They are in the file (passes[].statement.source); check them yourself to be sure.",
  ];
}
