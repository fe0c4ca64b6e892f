/** The quiz on a terminal, for tests. Its argument is the path of its state. */
import { runQuiz } from "../run.ts";

const [, , cardsPath = ""] = process.argv;

await runQuiz(cardsPath);
