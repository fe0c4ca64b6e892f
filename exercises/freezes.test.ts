import { exercises } from "@unblock/proto/exercises";
import { Suitability } from "@unblock/proto/gen/exercise";
import { countLoopTurns } from "@unblock/test/loop-turns";
import { openTestResources, type TestResources } from "@unblock/test/resources";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/**
 * Its download does not block the event loop; predict-image.test.ts shows that its inference does.
 */
const downloadsFirst = "PredictImage/async";

/** The work comes after the response, so the response waits for nothing. */
const answersAtOnce = "TrackEvent/background";

const all = exercises.flatMap((exercise) =>
  exercise.strategies.map(({ name, suitability }) => ({
    path: `${exercise.rpc}/${name}`,
    freezes: suitability === Suitability.FREEZES,
    exercise,
    strategy: name,
  })),
);

describe("the event loop, while one call's work is done", () => {
  let resources: TestResources;
  beforeAll(async () => {
    resources = await openTestResources();
  });
  afterAll(() => resources.close());

  const turnsDuring = async ({ exercise, strategy }: (typeof all)[number]) => {
    const call = () =>
      resources.run(exercise.rpc, strategy, JSON.parse(exercise.burst.requestJson(1)));
    // The first call also starts helpers, connects, and waits for the calibration.
    await call();
    return countLoopTurns(call);
  };

  test.each(all.filter(({ freezes, path }) => freezes && path !== downloadsFirst))(
    "$path freezes it: it takes not one turn",
    async (one) => {
      expect(await turnsDuring(one)).toBe(0);
    },
  );

  test.each(all.filter(({ freezes, path }) => !freezes && path !== answersAtOnce))(
    "$path leaves it free: it turns",
    async (one) => {
      expect(await turnsDuring(one)).toBeGreaterThan(0);
    },
  );
});
