import { expect, test } from "vitest";
import { countLoopTurns } from "../../../testing/loop-turns.ts";
import { noCaller } from "../../../testing/tasks.ts";
import { encodePng, pictureFor } from "../../backends/embedded/pictures/pictures.ts";
import { completeConfig } from "../../config.ts";
import { createEventLoop } from "../../places/local.ts";
import { task } from "../../places/place.ts";
import { infer } from "./work.ts";

// exercises/freezes.test.ts covers all strategies but `async`, whose download does not block the
// event loop.
test("an inference on the event loop blocks it completely", async () => {
  const eventLoop = createEventLoop(completeConfig({}));
  const input = { png: encodePng(pictureFor("/cat.png")), crops: 20 };
  const inferOnLoop = () => eventLoop.run(task(import.meta.url, infer), input, noCaller);
  expect(await countLoopTurns(inferOnLoop)).toBe(0);
});
