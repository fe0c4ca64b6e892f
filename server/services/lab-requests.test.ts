import { ConnectError } from "@connectrpc/connect";
import { BadRequestSchema } from "@unblock/proto/gen/google/rpc/error_details_pb";
import { failureOf } from "@unblock/test/failures";
import { firingOf, startTestLab, type TestLab } from "@unblock/test/lab";
import { afterAll, beforeAll, expect, test } from "vitest";

let server: TestLab;
beforeAll(async () => {
  server = await startTestLab();
});
afterAll(() => server.close());

/** Returns the violated fields of a request that must be rejected. */
async function violationsOf(events: AsyncIterable<unknown> | Promise<unknown>): Promise<string[]> {
  const response = "then" in events ? events : events[Symbol.asyncIterator]().next();
  const error = await response.then(
    () => new Error("Expected the request to be rejected"),
    ConnectError.from,
  );
  const details = error instanceof ConnectError ? error.findDetails(BadRequestSchema) : [];
  return details.flatMap(({ fieldViolations }) => fieldViolations.map(({ field }) => field));
}

const race = { exercise: "A", strategies: ["blocking-pool"], calls: 1 };
const load = { exercise: "A", strategy: "blocking-pool", ratePerSecond: 1, durationS: 1 };

test.each([
  [{ exercise: "Z" }, "exercise"],
  [{ exercise: "a" }, "exercise"],
  [{ strategies: [] }, "strategies"],
  [{ strategies: ["blocking-pool", "cpu-pool"] }, "strategies"],
  [{ strategies: ["blocking-pool", "event-loop", "blocking-pool"] }, "strategies"],
  [{ calls: -1 }, "calls"],
  [{ calls: 1_001 }, "calls"],
  [{ exercise: "C", strategies: ["event-loop"], calls: 601 }, "calls"],
])("rejects a race with %j, and names the field", async (change, field) => {
  expect(await violationsOf(server.lab.race({ ...race, ...change }))).toEqual([field]);
});

test.each([
  [{ exercise: "" }, "exercise"],
  [{ strategy: "magic" }, "strategy"],
  [{ ratePerSecond: 0 }, "rate_per_second"],
  [{ ratePerSecond: 5_001 }, "rate_per_second"],
  [{ durationS: 0 }, "duration_s"],
  [{ durationS: 61 }, "duration_s"],
  [{ strategy: "event-loop", ratePerSecond: 200, durationS: 7 }, "rate_per_second"],
])("rejects a load test with %j, and names the field", async (change, field) => {
  expect(await violationsOf(server.lab.load({ ...load, ...change }))).toEqual([field]);
});

test("reports all violations at once", async () => {
  const violations = await violationsOf(
    server.lab.race({ exercise: "", strategies: [], calls: -1 }),
  );
  expect(violations).toEqual(["exercise", "strategies", "calls"]);
});

test.each(["", "../../etc/passwd", "ABCDEFGHIJKL", "abcdefghijklm"])(
  "rejects the id %j",
  async (id) => {
    expect(await violationsOf(server.lab.getRun({ id }))).toEqual(["id"]);
  },
);

test("rejects an unknown id, and reports how many runs are saved", async () => {
  expect(await failureOf(server.lab.getRun({ id: "aaaaaaaaaaaa" }))).toEqual({
    code: "not_found",
    error: "UNBLOCK_RUN_NOT_FOUND",
    data: { run: '"aaaaaaaaaaaa"', max_runs: "100" },
  });
});

test("rejects a strategy without its external backend", async () => {
  const queue = { ...race, exercise: "C", strategies: ["queue"] };
  expect(await failureOf(server.lab.race(queue)[Symbol.asyncIterator]().next())).toMatchObject({
    code: "failed_precondition",
    error: "UNBLOCK_STRATEGY_NOT_SET_UP",
    data: { strategy: "queue", exercise: "C" },
  });
  const queueLoad = server.lab.load({ ...load, exercise: "C", strategy: "queue" });
  expect(await failureOf(queueLoad[Symbol.asyncIterator]().next())).toMatchObject({
    code: "failed_precondition",
    error: "UNBLOCK_STRATEGY_NOT_SET_UP",
  });
});

test("started no run for these requests", () => {
  expect(firingOf()).toEqual([]);
});
