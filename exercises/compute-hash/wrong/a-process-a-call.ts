import { fork } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "processes",
  why: "Each hash is computed in a process of its own, which is new.",
};

function chain(data: string, rounds: number): string {
  let digest = createHash("sha256").update(data).digest();
  for (let round = 1; round < rounds; round++) {
    digest = createHash("sha256").update(digest).digest();
  }
  return digest.toString("hex");
}

if (process.argv[2] === "hash") {
  process.once("message", ({ data, rounds }: { data: string; rounds: number }) => {
    process.send?.(chain(data, rounds), () => process.exit());
  });
}

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  const child = fork(fileURLToPath(import.meta.url), ["hash"], { signal });
  child.on("error", () => {});
  child.send({ data, rounds });
  const [hash] = await once(child, "message", { signal });
  return { hash, algorithm: "sha256" };
};
