import { encodePng, pictureFor } from "@unblock/backends/embedded/pictures/pictures";
import { task } from "@unblock/executors/executor";
import { createEventLoop } from "@unblock/executors/local";
import { completeConfig } from "@unblock/server/config";
import { countLoopTurns } from "@unblock/test/loop-turns";
import { noCaller } from "@unblock/test/tasks";
import { expect, test } from "vitest";
import { infer } from "./work.ts";

// exercises/freezes.test.ts covers all strategies but `async`, whose download does not block the
// event loop.
test("an inference on the event loop blocks it completely", async () => {
  const eventLoop = createEventLoop(completeConfig({}));
  const input = { png: encodePng(pictureFor("/cat.png")), crops: 20 };
  const inferOnLoop = () => eventLoop.run(task(import.meta.url, infer), input, noCaller);
  expect(await countLoopTurns(inferOnLoop)).toBe(0);
});
