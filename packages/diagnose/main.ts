/**
 * Watches any Node service, and names what blocks it:
 *
 *     node --import ./packages/diagnose/main.ts app.js
 *     node packages/diagnose/main.ts --watch app.js
 *
 * See docs/diagnose.md.
 */
import { isMainThread } from "node:worker_threads";
import { DescriptorOutput } from "./output.ts";

/** Types are stripped since 22.18, and needed methods of worker threads were added in 25. */
const minNodeVersion = 26;
/** Interval of checks whether a worker thread serves. */
const servingCheckMs = 250;

if (Number.parseInt(process.versions.node, 10) < minNodeVersion) {
  say(
    `unblock diagnose: expected Node ${minNodeVersion} or later, got ${process.version}; nothing is watched. ` +
      "unblock installs one: node_modules/.bin/node in its folder.\n",
  );
} else if (import.meta.main) {
  const { runDiagnose } = await import("./command.ts");
  runDiagnose(import.meta.url);
} else if (isMainThread) {
  try {
    const { startDiagnosing } = await import("./start.ts");
    await startDiagnosing(new URL(import.meta.url).searchParams);
  } catch (error) {
    // Such as with --permission and without --allow-worker. The program has to run nevertheless.
    say(`unblock diagnose: nothing is watched: ${error}\n`);
  }
} else {
  watchWorkerWhenItServes();
}

/**
 * Worker threads of the program load this module too. A thread that computes, or waits for one task at a time, does
 * what it is for, so nothing more is loaded in it. One that listens on a port and has a connection is watched, as
 * others wait for its event loop.
 */
function watchWorkerWhenItServes(): void {
  const timer = setInterval(async () => {
    const active = process.getActiveResourcesInfo();
    if (active.includes("TCPServerWrap") && active.includes("TCPSocketWrap")) {
      clearInterval(timer);
      const { watchWorker } = await import("./worker-loops.ts");
      watchWorker();
    }
  }, servingCheckMs).unref();
}

function say(text: string): void {
  const output = new DescriptorOutput();
  output.write(text);
  output.flush();
}
