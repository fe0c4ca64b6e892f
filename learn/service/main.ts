/**
 * A service whose one exercise is answered by a learner's handler, in a process of its own. The checker
 * starts it (learn/check/process/) and talks with it over pipes; callers come by the port as ever.
 */
import { flushCompileCache } from "node:module";
import { createServer } from "../../server/server.ts";
import { answerAsks } from "./asks.ts";
import { createSay, readSecret } from "./channel.ts";
import { startGuard } from "./guard.ts";
import { leaveLastWords } from "./last-words.ts";
import { watchListening } from "./listening.ts";
import type { ServiceOptions } from "./messages.ts";
import { Observer } from "./observation.ts";
import { openExercise } from "./open-exercise.ts";

const options: ServiceOptions = JSON.parse(process.argv[2] ?? "");
const { fileUrl, directLane, mostMemoryMb } = options;

const secret = readSecret();
const say = createSay(secret);
leaveLastWords(fileUrl, say);
startGuard(fileUrl, mostMemoryMb, secret);

const observer = new Observer(fileUrl);
const listening = watchListening((problem) => observer.refused(problem));

try {
  let opened: Awaited<ReturnType<typeof openExercise>> | undefined;
  const server = await createServer({
    port: 0,
    // Calls that nobody made would be evidence of what the learner's handler does.
    warmUp: false,
    directLane,
    logLevel: "silent",
    log: (text) => say({ kind: "log", text }),
    loadExercises: async (house) => {
      opened = await openExercise(house, options, observer, listening, say);
      return opened.served;
    },
  });
  if (opened === undefined) {
    throw new Error("Expected the server to have loaded its exercises");
  }
  answerAsks(observer, opened, say);
  listening.refuse();
  process.on("SIGTERM", async () => {
    await server.close();
    process.exit(0);
  });
  say({ kind: "ready", url: server.url, pid: process.pid });
  // Most services end by SIGKILL, which leaves no time for it.
  flushCompileCache();
} catch (error) {
  say({ kind: "broken", problem: error instanceof Error ? (error.stack ?? "") : String(error) });
}
