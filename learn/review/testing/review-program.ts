/** The review on a terminal, for tests. Its argument is the path of the progress. */
import { runReview } from "../run.ts";

const [, , path = ""] = process.argv;

await runReview(path);
