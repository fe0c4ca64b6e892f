import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "processes",
  why: "Another process computes the hash, and its output is the answer.",
};

function chain(data: string, rounds: number): string {
  let digest = createHash("sha256").update(data).digest();
  for (let round = 1; round < rounds; round++) {
    digest = createHash("sha256").update(digest).digest();
  }
  return digest.toString("hex");
}

if (process.argv[2] === "hash") {
  process.stdout.write(chain(process.argv[3] ?? "", Number(process.argv[4])));
}

export const handler: Handler<"computeHash"> = ({ data, rounds }) => {
  const args = [fileURLToPath(import.meta.url), "hash", data, String(rounds)];
  return { hash: execFileSync(process.execPath, args, { encoding: "utf8" }), algorithm: "sha256" };
};
