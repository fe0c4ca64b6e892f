/**
 * A service whose one exercise is answered by a learner's handler, in a process of its own. The checker
 * starts it (learn/check/process/) and talks with it over pipes; callers come by the port as ever.
 */

import { flushCompileCache } from "node:module";
import { createServer } from "../../server/server.ts";
import {
  type Answer,
  type Ask,
  createSay,
  readRequests,
  readSecret,
  type Say,
  type ServiceOptions,
} from "./channel.ts";
import { watchListening } from "./forbidden.ts";
import { leaveLastWords, startGuard } from "./last-words.ts";
import { Observer } from "./observation.ts";
import { type OpenedExercise, openExercise } from "./open-exercise.ts";

const options: ServiceOptions = JSON.parse(process.argv[2] ?? "");
const { fileUrl, directLane, maxMemoryMb } = options;

const secret = readSecret();
const say = createSay(secret);
leaveLastWords(fileUrl, say);
startGuard(fileUrl, maxMemoryMb, secret);

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

/** Answers what the checker asks. */
export function answerAsks(observer: Observer, opened: OpenedExercise, say: Say): void {
  readRequests(async ({ id, ask }) => {
    try {
      const answer = await answerTo(ask, observer, opened);
      // Before it says what may come of that.
      opened.lookForReplaced();
      say({ kind: "answer", id, ...answer });
    } catch (error) {
      say({ kind: "answer", id, failure: String(error) });
    }
  });
}

async function answerTo(
  ask: Ask,
  observer: Observer,
  { reference }: OpenedExercise,
): Promise<Partial<Answer>> {
  switch (ask.kind) {
    case "begin":
      observer.begin();
      return {};
    case "observe":
      return { observation: observer.read() };
    case "alone":
      return { alone: await reference(ask.request) };
  }
}
