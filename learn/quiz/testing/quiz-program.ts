/** The quiz on a terminal, for tests. Its argument is the path of the progress. */
import { runQuiz } from "../run.ts";

const [, , path = ""] = process.argv;

await runQuiz(path);
