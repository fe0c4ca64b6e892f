/**
 * Watches somebody's own Node service, and names what is wrong with it:
 *
 *     node --import ./learn/diagnose.ts app.js
 *     node learn/diagnose.ts --watch app.js
 *
 * See docs/diagnose.md.
 */
import { isMainThread } from "node:worker_threads";
import { ErrorOutput } from "./diagnose/error-output.ts";

/** Types are stripped since 22.18, and what this needs to ask of threads came with 25. */
const oldestNode = 26;
/** Interval at which it is seen whether a worker thread serves, in milliseconds. */
const servingMs = 250;

if (Number.parseInt(process.versions.node, 10) < oldestNode) {
  say(
    `unblock diagnose: expected Node ${oldestNode} or later, got ${process.version}; nothing is watched. ` +
      "unblock brings one along: node_modules/.bin/node in its folder.\n",
  );
} else if (import.meta.main) {
  const { runDiagnose } = await import("./diagnose/command.ts");
  runDiagnose(import.meta.url);
} else {
  try {
    await watch();
  } catch (error) {
    // Such as with --permission and without --allow-worker. The program is to run all the same.
    say(`unblock diagnose: nothing is watched: ${error}\n`);
  }
}

async function watch(): Promise<void> {
  if (isMainThread) {
    const { startDiagnosing } = await import("./diagnose/start.ts");
    const modes = new URL(import.meta.url).searchParams;
    const json = modes.get("json");
    await startDiagnosing({
      isLive: modes.has("watch"),
      jsonPid: json === null ? undefined : Number(json),
    });
  } else {
    watchWorkerOnceItServes();
  }
}

/**
 * The threads of the program load this too. One that computes or waits for one task at a time is there for
 * just that, and is left alone, with nothing more loaded. One that listens on a port and has a connection
 * has others waiting for its event loop, as the main thread has.
 */
function watchWorkerOnceItServes(): void {
  const timer = setInterval(async () => {
    const active = process.getActiveResourcesInfo();
    if (active.includes("TCPServerWrap") && active.includes("TCPSocketWrap")) {
      clearInterval(timer);
      const { watchWorker } = await import("./diagnose/watch-worker.ts");
      watchWorker();
    }
  }, servingMs).unref();
}

function say(text: string): void {
  const output = new ErrorOutput();
  output.write(text);
  output.flush();
}
