/** Checks a file as an answer to exercise A and prints the result. */
import { exerciseOf } from "@unblock/proto/exercises";
import { checkExercise } from "../check-exercise.ts";

const [file = ""] = process.argv.slice(2);
const types = Promise.resolve(new Map([[file, []]]));
const result = await checkExercise(exerciseOf("A"), file, { types });
process.stdout.write(JSON.stringify(result));
