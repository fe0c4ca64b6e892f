import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { measureImpact, measureWay, openPool } from "../measuring.ts";
import { milliseconds, type Question, recommended, works, wrong } from "../question.ts";
import { hashFile, work } from "../work.ts";

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
      "event-loop": wrong(
        "readFileSync and one hash hold the event loop all the time, and the file has to fit in memory.",
      ),
      async: wrong(
        "A stream reads in libuv's pool, but hash.update computes on the event loop: it is not frozen, but busy for seconds, and slows down everyone's calls.",
      ),
      libuv: wrong(
        "libuv's pool does the reading, not the hashing. crypto.subtle.digest hashes there, but needs the whole file in memory.",
      ),
      threads: works(
        "The event loop stays free; but this pool is for waiting, and several such files at once would share few cores.",
      ),
      workers: recommended(
        "Hashing computes, so a worker reads the file as a stream, hashes it and returns 32 bytes.",
      ),
      processes: works("Run sha256sum and read its output: it costs a process, and little code."),
      queue: works(
        "Right when it takes longer than a caller wants to wait, or when it must survive a restart.",
      ),
      background: wrong(
        "The operator waits for the hash; and after the response it would compute on the same event loop.",
      ),
    },
    lesson:
      "Always read in pieces: then memory does not depend on the file. A stream on the event loop looks " +
      "harmless because each piece is short; look at the loop's utilization instead of its longest delay. " +
      "And pass the worker a way to learn that its client has disconnected.",
    measurement: {
      title: `A file of ${measuredMb} MB of zeros; ${gigabytes} GB is ${(gigabytes * 1_024) / measuredMb} times that, not measured`,
      figure: measuredMb,
      program: new URL(import.meta.url),
      ways: [
        { name: "readFileSync, event loop", argument: "at-once" },
        { name: "stream, event loop", argument: "in-pieces" },
        { name: "stream, a worker", argument: "in-a-worker" },
      ],
      columns: [
        milliseconds(`${measuredMb} MB`, "wallMs"),
        {
          title: `so ${gigabytes} GB`,
          value: ({ wallMs = 0 }) =>
            `≈ ${((((gigabytes * 1_024) / measuredMb) * wallMs) / 1_000).toFixed(1)} s`,
        },
        milliseconds("loop held", "loopHeldMs"),
        { title: "loop busy", value: ({ loopBusy = 0 }) => `${(100 * loopBusy).toFixed(0)} %` },
      ],
      reading:
        "At once, the loop stands still all the time. With a stream it stands still for moments only, but " +
        "is busy. With a worker it is almost idle. These figures include no disk access: the file is sparse, " +
        "so the system makes up its zeros.",
    },
    again: (random) => withGigabytes(random(1, 6)),
  };
}

/** Creates a sparse file: it takes no space and reads as zeros. */
async function createFile(folder: string, megabytes: number): Promise<string> {
  const path = join(folder, "file");
  await writeFile(path, "");
  await truncate(path, megabytes * 2 ** 20);
  return path;
}

if (import.meta.main) {
  await measureWay({
    "at-once": async (megabytes, folder) => {
      const path = await createFile(folder, megabytes);
      return await measureImpact(async () =>
        createHash("sha256").update(readFileSync(path)).digest("hex"),
      );
    },
    "in-pieces": async (megabytes, folder) => {
      const path = await createFile(folder, megabytes);
      return await measureImpact(() => hashFile(path));
    },
    "in-a-worker": async (megabytes, folder) => {
      const path = await createFile(folder, megabytes);
      await using pool = await openPool(1);
      return await measureImpact(() => pool.run(work.hashFile, path));
    },
  });
}
