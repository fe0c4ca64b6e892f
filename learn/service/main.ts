/**
 * A service with a learner's handler for one exercise, in its own process. The checker starts it
 * (learn/check/process/) and talks with it over pipes; callers use the port as usual.
 */

import { flushCompileCache } from "node:module";
import { createServer } from "@unblock/server/server";
import {
  type Answer,
  type Ask,
  createSay,
  readRequests,
  readSecret,
  type ServiceOptions,
} from "./channel.ts";
import { watchListening } from "./forbidden.ts";
import { leaveLastWords, startGuard } from "./last-words.ts";
import { Observer } from "./observation.ts";
import { type OpenedExercise, openExercise } from "./open-exercise.ts";

const options: ServiceOptions = JSON.parse(process.argv[2] ?? "");
const { fileUrl, signalEndsWithCall, maxMemoryMb } = options;

const secret = readSecret();
const say = createSay(secret);
leaveLastWords(fileUrl, say);
startGuard(fileUrl, maxMemoryMb, secret);

const observer = new Observer(fileUrl);
const refuseListening = watchListening((problem) => observer.rejected(problem));

try {
  let opened: OpenedExercise | undefined;
  const server = await createServer({
    port: 0,
    // Calls of the server itself would count as evidence.
    warmUp: false,
    signalEndsWithCall,
    logLevel: "silent",
    log: (text) => say({ kind: "log", text }),
    loadExercises: async (resources) => {
      opened = await openExercise(resources, options, observer, refuseListening, say);
      return opened.served;
    },
  });
  if (opened === undefined) {
    throw new Error("Expected the server to have loaded its exercises");
  }
  answerAsks(opened);
  refuseListening(true);
  process.on("SIGTERM", async () => {
    await server.close();
    process.exit(0);
  });
  say({ kind: "ready", url: server.url, pid: process.pid });
  // Most services end by SIGKILL, which does not flush it.
  flushCompileCache();
} catch (error) {
  say({ kind: "broken", problem: error instanceof Error ? (error.stack ?? "") : String(error) });
}

function answerAsks(opened: OpenedExercise): void {
  readRequests(async ({ id, ask }) => {
    try {
      const answer = await answerTo(ask, opened);
      // Before the answer, which the replaced functions may have changed.
      opened.lookForReplaced();
      say({ kind: "answer", id, ...answer });
    } catch (error) {
      say({ kind: "answer", id, failure: String(error) });
    }
  });
}

async function answerTo(ask: Ask, { reference }: OpenedExercise): Promise<Partial<Answer>> {
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
