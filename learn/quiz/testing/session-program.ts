/**
 * Runs the quiz or the review on a terminal, for tests. Arguments: "quiz" or "review", the progress file.
 */
import { runReview } from "../../review/run.ts";
import { runQuiz } from "../run.ts";

const [, , kind = "", path = ""] = process.argv;

await (kind === "quiz" ? runQuiz(path) : runReview(path));
