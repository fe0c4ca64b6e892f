import { createThreadPool } from "@unblock/executors/thread-pool";
import { noCaller, tasks } from "@unblock/test/tasks";
import { afterAll, expect, test } from "vitest";
import { calibrateOnce } from "./calibrate.ts";

const pool = createThreadPool("cpu-pool", 1, 1);
afterAll(() => pool.close());

test("repeats a calibration whose thread died", async () => {
  let runs = 0;
  const executor: Parameters<typeof calibrateOnce>[0] = {
    run: async (task, input, call) => {
      if (runs++ === 0) {
        await pool.run(tasks.exit, 1, noCaller);
      }
      return pool.run(task, input, call);
    },
  };
  const calibrated = calibrateOnce(executor, tasks.seven);
  expect(runs).toBe(0);
  await expect(calibrated()).rejects.toThrow();
  expect(await calibrated()).toBe(7);
  expect(await calibrated()).toBe(7);
  expect(runs).toBe(2);
});
