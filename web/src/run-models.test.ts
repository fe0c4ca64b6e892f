import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { RaceResponseSchema, RunSchema } from "@unblock/proto/gen/lab";
import { expect, test } from "vitest";
import { applyRaceEvent, lastMomentMs, newRace, type Race, raceOfRun } from "./run-models.ts";

type Event = NonNullable<MessageInitShape<typeof RaceResponseSchema>["event"]>;

function raceAfter(...events: Event[]): Race {
  const responses = events.map((event) => create(RaceResponseSchema, { event }));
  return responses.reduce(applyRaceEvent, newRace("A"));
}

const progress = (endedMs: number): Event => ({
  case: "burstProgress",
  value: { calls: [{ index: 0, endedMs }] },
});

test("applies events to the race", () => {
  const race = raceAfter(
    { case: "burstBegan", value: { strategy: "blocking-pool", calls: 2 } },
    progress(50),
    { case: "burstEnded", value: { figures: { wallMs: 51 } } },
    { case: "burstBegan", value: { strategy: "async", calls: 1 } },
    progress(70),
    { case: "saved", value: { id: "abc", summary: "It ran." } },
  );
  expect(race.bursts.map(({ strategy, calls }) => [strategy, calls.length])).toEqual([
    ["blocking-pool", 1],
    ["async", 1],
  ]);
  expect(race.bursts[0]?.figures?.wallMs).toBe(51);
  expect(race).toMatchObject({ savedId: "abc", summary: "It ran." });
  expect(lastMomentMs(race)).toBe(70);
});

test("drops calls beyond the expected number", () => {
  const { bursts } = raceAfter(
    { case: "burstBegan", value: { strategy: "blocking-pool", calls: 2 } },
    ...[1, 2, 3].map(progress),
  );
  expect(bursts[0]?.calls.map(({ endedMs }) => endedMs)).toEqual([1, 2]);
});

test("has no id when the server could not save the run", () => {
  const race = raceAfter({ case: "saved", value: { id: "", summary: "It ran." } });
  expect(race.savedId).toBeUndefined();
});

test("restores a race from a saved run", () => {
  const bursts = [
    { strategy: "async", events: { calls: [{ endedMs: 9 }] }, figures: { wallMs: 9 } },
  ];
  const summary = { id: "abc", exercise: "B", summary: "It ran." };
  const run = create(RunSchema, { summary, kind: { case: "race", value: { bursts } } });
  expect(raceOfRun(run)).toMatchObject({
    ...{ exercise: "B", savedId: "abc", summary: "It ran." },
    bursts: [{ strategy: "async", expectedCalls: 1 }],
  });
  expect(raceOfRun(create(RunSchema, { kind: { case: "load", value: {} } }))).toBeUndefined();
});
