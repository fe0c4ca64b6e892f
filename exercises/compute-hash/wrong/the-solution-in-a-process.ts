import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "processes",
  why: "A process computes, as others have shown before.",
};

const solution = new URL("../solutions/cpu-pool.ts", import.meta.url).href;
const program = `
  import(${JSON.stringify(solution)}).then(({ computeChain }) => {
    const [data, rounds] = process.argv.slice(1);
    const chain = { data, rounds: Number(rounds) };
    process.stdout.write(computeChain(chain, { stopped: () => false }));
  });`;

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  const args = ["-e", program, data, String(rounds)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { signal });
  return { hash: stdout, algorithm: "sha256" };
};
