import { milliseconds, type Question } from "../question.ts";

const measuredMb = 256;

export const bigFile: Question = withGigabytes(2);

function withGigabytes(gigabytes: number): Question {
  return {
    id: "big-file",
    title: `The hash of a ${gigabytes} GB file`,
    scenario:
      `An operator asks for the SHA-256 of a model file of ${gigabytes} GB, to compare it with the one on another ` +
      "machine, and waits for it. The file is on a fast local disk. The service has other callers. Where " +
      "should the file be hashed?",
    answers: {
      "event-loop": {
        suitability: "wrong",
        reason:
          "readFileSync and one hash hold the event loop for all of it, and the file has to fit in memory.",
      },
      async: {
        suitability: "wrong",
        reason:
          "A stream reads beside, but hash.update computes on the event loop: not frozen, and busy with it for seconds, beside everybody's calls.",
      },
      libuv: {
        suitability: "wrong",
        reason:
          "libuv's pool does the reading, not the hashing. crypto.subtle.digest hashes there, and wants the whole file in memory.",
      },
      threads: {
        suitability: "works",
        reason:
          "Off the event loop; but this pool is for waiting, and several such files at once would share few cores.",
      },
      workers: {
        suitability: "recommended",
        reason:
          "Hashing computes, so a worker reads the file as a stream and hashes it, and sends back 32 bytes.",
      },
      processes: {
        suitability: "works",
        reason: "Run sha256sum, and wait for its line: a process to start, and nothing to write.",
      },
      queue: {
        suitability: "works",
        reason:
          "Right when it takes longer than a caller likes to wait, or when it must survive a restart.",
      },
      background: {
        suitability: "wrong",
        reason:
          "The operator waits for the hash; and after the reply it would compute on the same event loop.",
      },
    },
    lesson:
      "Read in pieces, always: memory then does not depend on the file. A stream on the event loop looks " +
      "harmless, as each piece is short; look at the loop's utilization instead of its longest stop. And " +
      "give the worker a way to hear that its caller has gone.",
    measurement: {
      title: `A file of ${measuredMb} MB that reads as zeros; ${gigabytes} GB is ${(gigabytes * 1_024) / measuredMb} times that, not measured`,
      figure: measuredMb,
      program: new URL("../measurements/big-file.ts", import.meta.url),
      ways: [
        { name: "readFileSync, event loop", argument: "at-once" },
        { name: "stream, event loop", argument: "in-pieces" },
        { name: "stream, a worker", argument: "in-a-worker" },
      ],
      columns: [
        milliseconds("256 MB", "wallMs"),
        {
          title: `so ${gigabytes} GB`,
          value: ({ wallMs = 0 }) =>
            `≈ ${((((gigabytes * 1_024) / measuredMb) * wallMs) / 1_000).toFixed(1)} s`,
        },
        milliseconds("loop held", "loopHeldMs"),
        { title: "loop busy", value: ({ loopBusy = 0 }) => `${(100 * loopBusy).toFixed(0)} %` },
      ],
      reading:
        "At once, the loop stands still for all of it. As a stream it stands still for moments only, and is " +
        "busy all the same. With a worker it has next to nothing to do. No disk is in these figures: the " +
        "file was never written, so the system makes its zeros up.",
    },
    again: (random) => withGigabytes(random(1, 6)),
  };
}
