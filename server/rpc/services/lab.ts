import type { ConnectRouter, Interceptor, ServiceImpl } from "@connectrpc/connect";
import { LabService } from "../../../gen/unblock/v1/lab_pb.ts";
import { findExercise } from "../../../registry/exercises.ts";
import type { Lab } from "../../lab/lab.ts";
import { lackingEngines, lacksEngine } from "./needed-engines.ts";

/**
 * Serves races, loads and kept runs.
 *
 * @param engines the real engines that the server has, as strategies name them in `needs`
 * @param interceptors instead of those of all other services
 */
export function routeLab(
  router: ConnectRouter,
  lab: Lab,
  engines: readonly string[],
  interceptors: Interceptor[],
): void {
  const assertHasEngines = (letter: string, strategies: readonly string[]) => {
    const exercise = findExercise(letter);
    const lacks =
      exercise && lackingEngines(exercise, engines).find(({ name }) => strategies.includes(name));
    if (lacks) {
      throw lacksEngine(exercise, lacks);
    }
  };
  const implementation: ServiceImpl<typeof LabService> = {
    race: async function* (request, { signal }) {
      assertHasEngines(request.exercise, request.strategies);
      for await (const event of lab.race(request, signal)) {
        yield { event };
      }
    },

    load: async function* (request, { signal }) {
      assertHasEngines(request.exercise, [request.strategy]);
      for await (const event of lab.load(request, signal)) {
        yield { event };
      }
    },

    listRuns: async () => ({ runs: await lab.kept.list() }),

    getRun: async ({ id }) => ({ run: await lab.kept.get(id) }),
  };
  router.service(LabService, implementation, { interceptors });
}
