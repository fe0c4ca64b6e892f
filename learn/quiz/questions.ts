import { createQuestion, type Question } from "./question.ts";
import { bigFile } from "./questions/big-file.ts";
import { bigJson } from "./questions/big-json.ts";
import { gzip } from "./questions/gzip.ts";
import { nameLookups } from "./questions/name-lookups.ts";
import { passwordHash } from "./questions/password-hash.ts";
import { tokenStream } from "./questions/token-stream.ts";

export const definitions = [passwordHash, bigJson, gzip, nameLookups, tokenStream, bigFile];

/** All questions, in the order in which new ones are asked. */
export const questions: readonly Question[] = definitions.map(createQuestion);

/** @throws Error when there is no such question */
export function questionOf(id: string): Question {
  const question = questions.find((one) => one.id === id);
  if (question === undefined) {
    throw new Error(`Expected a question of the quiz, got ${id}`);
  }
  return question;
}
