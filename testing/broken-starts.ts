/**
 * A program that has a place whose threads or processes die, and for a while none that takes over starts.
 * Prints what the tasks got meanwhile, and how often one was started for them. See fail-at-start.ts.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { completeConfig } from "../server/config.ts";
import { createProcesses } from "../server/places/processes.ts";
import { createThreadPool } from "../server/places/thread-pool.ts";
import { noCaller, tasks } from "./tasks.ts";

const { STARTS = "", FAIL = "" } = process.env;
const logged: string[] = [];
const log = (message: string) => logged.push(message);
const place =
  process.argv[2] === "processes"
    ? createProcesses(completeConfig({ processes: 2, log }))
    : createThreadPool("threads", 2, 100, log);

const messageOf = ({ message }: Error) => message;
const double = () => place.run(tasks.double, 21, noCaller).then(({ value }) => value, messageOf);
const starts = () => readFileSync(STARTS, "utf8").length;

const before = await double();
writeFileSync(FAIL, "");
const startsBefore = starts();
const exits = [1, 2].map((code) => place.run(tasks.exit, code, noCaller).catch(messageOf));
const meanwhile = await Promise.all(Array.from({ length: 6 }, double));
await Promise.all(exits);
const startsMeanwhile = starts() - startsBefore;
rmSync(FAIL);
let after = await double();
while (after !== 42) {
  after = await double();
}
const { running, queued, size } = place.vitals();
await place.close();
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
