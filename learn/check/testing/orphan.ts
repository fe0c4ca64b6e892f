/** Starts a service with an endless handler, calls it, and sends the service's pid. */
import { exerciseOf } from "@unblock/proto/exercises";
import { LearnerService } from "../process/learner-service.ts";
import { Callers } from "../session.ts";
import { World } from "../world/world.ts";

const [file = ""] = process.argv.slice(2);
const exercise = exerciseOf("A");
const world = await World.open();
const service = await LearnerService.start({
  exercise,
  file,
  world: world.addresses,
  analyticsUrl: null,
});
const callers = await Callers.open(exercise, service.url, service.ended());
const { backends } = await callers.vitals();
// The database runs in the service's own process.
const pid = backends.find(({ name }) => name === "database")?.pid;
void callers.call({ user_id: 1 });
process.send?.(pid);
