/**
 * Runs the quiz or the review on a terminal, for tests. Arguments: "quiz" or "review", the progress file.
 */
import { runQuiz, runReview } from "../run.ts";

const [, , kind = "", path = ""] = process.argv;

await (kind === "quiz" ? runQuiz(path) : runReview(path));
