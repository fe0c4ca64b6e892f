/** Checks a file as an answer to exercise A, prints the result and the number of timers that are left. */
import { exerciseOf } from "@unblock/proto/exercises";
import { checkExercise } from "../check-exercise.ts";

const [file = ""] = process.argv.slice(2);
const types = Promise.resolve(new Map([[file, []]]));
const result = await checkExercise(exerciseOf("A"), file, { types });
const timers = process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
process.stdout.write(JSON.stringify({ result, timers }));
