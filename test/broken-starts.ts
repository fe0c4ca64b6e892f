/**
 * A program with an executor whose threads or processes exit, and whose replacements fail to start for a while.
 * Prints the results of the tasks meanwhile, and how often a start was attempted. See fail-at-start.ts.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createProcesses } from "@unblock/executors/processes";
import { createThreadPool } from "@unblock/executors/thread-pool";
import { completeConfig } from "@unblock/server/config";
import { noCaller, tasks } from "./tasks.ts";

const { STARTS = "", FAIL = "" } = process.env;
const logged: string[] = [];
const log = (message: string) => logged.push(message);
const executor =
  process.argv[2] === "processes"
    ? createProcesses(completeConfig({ processes: 2, log }))
    : createThreadPool("blocking-pool", 2, 100, log);

const messageOf = ({ message }: Error) => message;
const double = () => executor.run(tasks.double, 21, noCaller).then(({ value }) => value, messageOf);
const starts = () => readFileSync(STARTS, "utf8").length;

const before = await double();
writeFileSync(FAIL, "");
const startsBefore = starts();
const exits = [1, 2].map((code) => executor.run(tasks.exit, code, noCaller).catch(messageOf));
const meanwhile = await Promise.all(Array.from({ length: 6 }, double));
await Promise.all(exits);
const startsMeanwhile = starts() - startsBefore;
rmSync(FAIL);
// Starts are attempted with a backoff.
let after = await double();
for (const endMs = performance.now() + 20_000; after !== 42 && performance.now() < endMs; ) {
  after = await double();
}
const { running, queued, size } = executor.vitals();
await executor.close();
process.stdout.write(
  JSON.stringify({
    before,
    meanwhile,
    startsMeanwhile,
    after,
    vitals: { running, queued, size },
    logged,
  }),
);
