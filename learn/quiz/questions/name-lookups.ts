import { milliseconds, type Question } from "../question.ts";

export const nameLookups: Question = withNames(200);

function withNames(names: number): Question {
  return {
    id: "name-lookups",
    title: "A storm of DNS look-ups",
    scenario:
      `Your service calls web hooks: ${names} different hosts at once, and each name has to be looked up ` +
      "first. The name server takes 50 ms. Unless told otherwise, fetch and net.connect use dns.lookup, " +
      "which asks the operating system (getaddrinfo). How should the names be looked up?",
    answers: {
      "event-loop": {
        suitability: "wrong",
        reason:
          "Node has no synchronous look-up, and one would hold the event loop for 50 ms a name.",
      },
      async: {
        suitability: "recommended",
        reason:
          "dns.resolve4 asks the name server itself, over a socket: all of them wait at once and need no thread. Give your client a `lookup` that uses it.",
      },
      libuv: {
        suitability: "works",
        reason:
          "dns.lookup does it, if you make the pool larger: a look-up holds a thread, and all of them together get half of the pool at most.",
      },
      threads: {
        suitability: "wrong",
        reason:
          "dns.lookup in a worker thread uses the same pool: a process has one, for all of its threads.",
      },
      workers: {
        suitability: "wrong",
        reason: "Nothing computes here, and dns.lookup in a worker uses the same pool of libuv's.",
      },
      processes: {
        suitability: "works",
        reason: `A process has a pool of its own, so the storm harms nobody here. It still has few threads for ${names} names.`,
      },
      queue: {
        suitability: "works",
        reason:
          "Right when nobody waits for the calls: others make them later and evenly. The look-ups still have to be done there.",
      },
      background: {
        suitability: "wrong",
        reason: "Later, and the same storm in the same pool.",
      },
    },
    lesson:
      "A look-up takes at most half of libuv's threads, 2 of 4, so that files still get some: at 50 ms " +
      "each that is 40 names a second (2 / 0.05; computed, not measured). dns.resolve reads no hosts file " +
      "and knows nothing of the system's other sources of names. Best of all is not to ask: connections " +
      "that are kept alive need no look-up.",
    measurement: {
      title: `${names} look-ups at once; where it says so, beside 8 hashes in libuv's pool`,
      figure: names,
      program: new URL("../measurements/name-lookups.ts", import.meta.url),
      ways: [
        { name: "lookup of localhost", argument: "lookup" },
        { name: "the same, beside hashes", argument: "lookup-beside-hashes" },
        { name: "the same, in a worker", argument: "lookup-in-a-worker" },
        { name: "resolve4 beside hashes", argument: "resolve" },
      ],
      columns: [
        milliseconds("all looked up", "wallMs"),
        { title: "most at once", value: ({ mostAtOnce }) => String(mostAtOnce ?? "–") },
      ],
      reading:
        "localhost is in a file, so its look-up takes next to nothing, until it has to wait for a thread of " +
        "libuv's pool; a worker thread has no other pool. resolve4 asks a name server here that takes 50 ms " +
        "for each name, and is not held up by the hashes' pool.",
    },
    again: (random) => withNames(20 * random(4, 12)),
  };
}
