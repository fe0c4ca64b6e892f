import { create } from "@bufbuild/protobuf";
import { type RaceResponse, RaceResponseSchema, RunSchema } from "@unblock/proto/gen/lab";
import { expect, test } from "vitest";
import { applyEvent, lastMomentMs, newRace, raceOfRun } from "./race-model.ts";

type Event = NonNullable<Parameters<typeof create<typeof RaceResponseSchema>>[1]>["event"];

function event(one: NonNullable<Event>): RaceResponse {
  return create(RaceResponseSchema, { event: one });
}

const progress = (endedMs: number) =>
  event({ case: "burstProgress", value: { calls: [{ index: 0, endedMs }] } });

test("applies events to the race", () => {
  const race = newRace("A");
  applyEvent(race, event({ case: "burstBegan", value: { strategy: "blocking-pool", calls: 2 } }));
  applyEvent(race, progress(50));
  applyEvent(race, event({ case: "burstEnded", value: { figures: { wallMs: 51 } } }));
  applyEvent(race, event({ case: "burstBegan", value: { strategy: "async", calls: 1 } }));
  applyEvent(race, progress(70));
  applyEvent(race, event({ case: "saved", value: { id: "abc", summary: "It ran." } }));
  expect(race.bursts.map(({ strategy, calls }) => [strategy, calls.length])).toEqual([
    ["blocking-pool", 1],
    ["async", 1],
  ]);
  expect(race.bursts[0]?.figures?.wallMs).toBe(51);
  expect(race).toMatchObject({ savedId: "abc", summary: "It ran." });
  expect(lastMomentMs(race)).toBe(70);
});

test("drops calls beyond the expected number", () => {
  const race = newRace("A");
  applyEvent(race, event({ case: "burstBegan", value: { strategy: "blocking-pool", calls: 2 } }));
  for (const endedMs of [1, 2, 3]) {
    applyEvent(race, progress(endedMs));
  }
  expect(race.bursts[0]?.calls.map(({ endedMs }) => endedMs)).toEqual([1, 2]);
});

test("has no id when the server could not save the run", () => {
  const race = newRace("A");
  applyEvent(race, event({ case: "saved", value: { id: "", summary: "It ran." } }));
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
