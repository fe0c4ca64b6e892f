import type { Question } from "../question.ts";
import { bigFile } from "./big-file.ts";
import { bigJson } from "./big-json.ts";
import { gzip } from "./gzip.ts";
import { nameLookups } from "./name-lookups.ts";
import { passwordHash } from "./password-hash.ts";
import { tokenStream } from "./token-stream.ts";

/** In the order in which new ones are asked. */
export const questions: readonly Question[] = [
  passwordHash,
  bigJson,
  gzip,
  nameLookups,
  tokenStream,
  bigFile,
];
