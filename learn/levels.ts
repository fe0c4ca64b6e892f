import { exercises } from "@unblock/proto/exercises";

export interface Level {
  /** Smallest and largest number of passed exercises. */
  readonly from: number;
  readonly to: number;
  readonly name: string;
  readonly advice: string;
}

/** Levels of the specification, the highest first. */
export const levels: readonly Level[] = [
  { from: 8, to: 8, name: "Expert", advice: "ready for production MLOps" },
  { from: 6, to: 7, name: "Solid", advice: "review the ones you missed" },
  { from: 4, to: 5, name: "Getting there", advice: "read about the ones you missed" },
  { from: 0, to: 3, name: "Review", advice: "read how Node runs your code, then try again" },
];

export function levelOf(passed: number): Level {
  const level = levels.find(({ from }) => from <= passed);
  if (level === undefined) {
    throw new Error(`Expected 0 to ${exercises.length} passed exercises, got ${passed}`);
  }
  return level;
}

export function describeLevel({ name, advice }: Level): string {
  return `${name} – ${advice}`;
}
