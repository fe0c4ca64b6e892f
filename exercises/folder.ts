import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Exercise } from "@unblock/proto/exercises";

/** An exercise's name in paths, such as "get-user". */
export function folderName({ rpc }: Pick<Exercise, "rpc">): string {
  return rpc.replace(/(?<=[a-z])[A-Z]/g, "-$&").toLowerCase();
}

/** Absolute path of a file of the exercise's folder, such as "README.md". */
export function exerciseFile(exercise: Exercise, name: string): string {
  return fileURLToPath(new URL(`./${folderName(exercise)}/${name}`, import.meta.url));
}

/** Absolute paths of an exercise's answers of a kind, sorted. */
export function answersOf(exercise: Exercise, kind: "solutions" | "right" | "wrong"): string[] {
  const folder = exerciseFile(exercise, kind);
  return readdirSync(folder)
    .toSorted()
    .map((name) => `${folder}/${name}`);
}
