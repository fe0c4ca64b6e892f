import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** File that collects the lines of the attacks. */
    readonly attackReport: string;
  }
}

/** Collects a line per attack, and prints the lines when all attacks have run. */
export default function collectAttacks({ provide }: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), "unblock-attacks-"));
  const file = join(folder, "report");
  writeFileSync(file, "");
  provide("attackReport", file);
  return () => {
    process.stdout.write(readFileSync(file));
    rmSync(folder, { recursive: true });
  };
}
