declare module "*.css";

declare module "virtual:exercise-texts" {
  export const texts: Readonly<Record<string, import("../build/exercise-texts.ts").ExerciseText>>;
}
