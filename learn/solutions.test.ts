import { pathToFileURL } from "node:url";
import { create, fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { answersOf } from "@unblock/exercises/exercise";
import { exercises } from "@unblock/proto/exercises";
import { openTestResources, type TestResources } from "@unblock/test/resources";
import { never } from "@unblock/test/tasks";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openHoldingsFile } from "./check/testing/holdings-file.ts";
import { provideEnvironment, provideResources } from "./service/environment.ts";
import { loadLearnerModule } from "./service/learner-module.ts";

/** Requests that no example uses, by exercise. */
const requests: Readonly<Record<string, JsonValue>> = {
  A: { user_id: 99_999 },
  B: { city: "São Paulo & more" },
  C: { data: "größer", rounds: 4_321 },
  D: {},
  E: { key: "a key of its own" },
  F: { image_url: "http://example.com/dogs/rex.png" },
  G: { event: "sign_up", user_id: 7 },
  H: {},
};

const solutions = exercises.flatMap((exercise) =>
  answersOf(exercise, "solutions").map((file) => ({ file, exercise })),
);

describe("the solutions", () => {
  const holdings = openHoldingsFile();
  let resources: TestResources;
  beforeAll(async () => {
    resources = await openTestResources();
    const addresses = resources.backends.addresses();
    provideEnvironment({ addresses, crops: 3, holdingsPath: holdings.path });
  });
  beforeEach(() => holdings.restart());
  afterAll(async () => {
    await resources.close();
    holdings.remove();
  });

  test.each(solutions)(
    "$file returns what the exercise returns, without blocking the event loop",
    async ({ file, exercise: { letter, rpc, method, recommended } }) => {
      const request = requests[letter] ?? null;
      // The confidence depends on the number of crops.
      const { confidence: _, ...expected } = Object(await resources.run(rpc, recommended, request));
      const url = pathToFileURL(file).href;
      provideResources(resources, url);
      const { handler } = await loadLearnerModule(url);
      const response = await handler(fromJson(method.input, request), never);
      const json = toJson(method.output, create(method.output, response), {
        alwaysEmitImplicit: true,
      });
      expect(json).toMatchObject(expected);
      const { waiting, computing } = holdings.usage(process.pid);
      expect([waiting.onLoop, computing.onLoop]).toEqual([0, 0]);
    },
  );
});
