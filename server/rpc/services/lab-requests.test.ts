import { ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BadRequestSchema } from "../../../gen/google/rpc/error_details_pb.ts";
import { firingOf, startTestLab, type TestLab } from "../../../testing/lab.ts";

let server: TestLab;
beforeAll(async () => {
  server = await startTestLab();
});
afterAll(() => server.close());

/** What is wrong with the fields of a request that must be refused. */
async function violationsOf(events: AsyncIterable<unknown> | Promise<unknown>): Promise<string[]> {
  const answer = "then" in events ? events : events[Symbol.asyncIterator]().next();
  const error = await answer.then(
    () => new Error("Expected the request to be refused"),
    ConnectError.from,
  );
  const details = error instanceof ConnectError ? error.findDetails(BadRequestSchema) : [];
  return details.flatMap(({ fieldViolations }) =>
    fieldViolations.map(({ field, description }) => `${field}: ${description}`),
  );
}

const race = { exercise: "A", strategies: ["threads"], calls: 1 };
const load = { exercise: "A", strategy: "threads", ratePerSecond: 1, durationS: 1 };

test.each([
  [{ exercise: "Z" }, 'exercise: Expected exercise to be one of A, B, C, D, E, F, G, H, got "Z".'],
  [{ exercise: "a" }, 'exercise: Expected exercise to be one of A, B, C, D, E, F, G, H, got "a".'],
  [{ strategies: [] }, "strategies: Expected strategies to be 1 to 4 names, got 0."],
  [
    { strategies: ["threads", "workers"] },
    'strategies: Expected strategies to be of exercise A (threads, async, event-loop), got "workers".',
  ],
  [
    { strategies: ["threads", "event-loop", "threads"] },
    'strategies: Expected strategies to be named once each, got "threads" twice.',
  ],
  [{ calls: -1 }, "calls: Expected calls to be from 0 to 1000, got -1."],
  [{ calls: 1_001 }, "calls: Expected calls to be from 0 to 1000, got 1001."],
  [
    { exercise: "C", strategies: ["event-loop"], calls: 601 },
    "calls: Expected calls to make at most 600 calls with event-loop, each of which stops the whole server for 100 ms, got 601.",
  ],
])("a race with %j is refused, and the field is named", async (change, violation) => {
  expect(await violationsOf(server.lab.race({ ...race, ...change }))).toEqual([violation]);
});

test.each([
  [{ exercise: "" }, 'exercise: Expected exercise to be one of A, B, C, D, E, F, G, H, got "".'],
  [
    { strategy: "magic" },
    'strategy: Expected strategy to be of exercise A (threads, async, event-loop), got "magic".',
  ],
  [{ ratePerSecond: 0 }, "rate_per_second: Expected rate_per_second to be from 1 to 5000, got 0."],
  [
    { ratePerSecond: 5_001 },
    "rate_per_second: Expected rate_per_second to be from 1 to 5000, got 5001.",
  ],
  [{ durationS: 0 }, "duration_s: Expected duration_s to be from 1 to 60, got 0."],
  [{ durationS: 61 }, "duration_s: Expected duration_s to be from 1 to 60, got 61."],
  [
    { strategy: "event-loop", ratePerSecond: 200, durationS: 7 },
    "rate_per_second: Expected rate_per_second to make at most 1,200 calls with event-loop, each of which stops the whole server for 50 ms, got 1,400.",
  ],
])("a load with %j is refused, and the field is named", async (change, violation) => {
  expect(await violationsOf(server.lab.load({ ...load, ...change }))).toEqual([violation]);
});

test("all that is wrong is told at once", async () => {
  const violations = await violationsOf(
    server.lab.race({ exercise: "", strategies: [], calls: -1 }),
  );
  expect(violations.map((violation) => violation.split(":")[0])).toEqual([
    "exercise",
    "strategies",
    "calls",
  ]);
});

test.each(["", "../../etc/passwd", "ABCDEFGHIJKL", "abcdefghijklm"])(
  "the id %j is none",
  async (id) => {
    expect(await violationsOf(server.lab.getRun({ id }))).toEqual([
      `id: Expected id to be 12 letters from a to z and digits, got ${JSON.stringify(id)}.`,
    ]);
  },
);

test("an id that is unknown is not found, and the message says how many are kept", async () => {
  await expect(server.lab.getRun({ id: "aaaaaaaaaaaa" })).rejects.toThrow(
    '[not_found] There is no run "aaaaaaaaaaaa" here (any more): only the last 100 are kept.',
  );
});

test("a strategy that needs a real engine says which", async () => {
  const queue = { ...race, exercise: "C", strategies: ["queue"] };
  await expect(server.lab.race(queue)[Symbol.asyncIterator]().next()).rejects.toThrow(
    '[failed_precondition] The strategy "queue" of exercise C (ComputeHash) needs a real engine',
  );
  await expect(
    server.lab
      .load({ ...load, exercise: "C", strategy: "queue" })
      [Symbol.asyncIterator]()
      .next(),
  ).rejects.toThrow("[failed_precondition]");
});

test("nothing was fired for all that", () => {
  expect(firingOf()).toEqual([]);
});
