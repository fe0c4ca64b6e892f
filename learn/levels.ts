import { exercises } from "@unblock/proto/exercises";

/** Levels of the specification by the number of passed exercises, the highest first. */
export const levels = [
  { from: 8, to: 8, name: "Expert", advice: "ready for production MLOps" },
  { from: 6, to: 7, name: "Solid", advice: "review the ones you missed" },
  { from: 4, to: 5, name: "Getting there", advice: "read about the ones you missed" },
  { from: 0, to: 3, name: "Review", advice: "read how Node runs your code, then try again" },
];

export function levelOf(passed: number) {
  const level = levels.find(({ from }) => from <= passed);
  if (level === undefined) {
    throw new Error(`Expected 0 to ${exercises.length} passed exercises, got ${passed}`);
  }
  return level;
}

export function describeLevel({ name, advice }: (typeof levels)[number]): string {
  return `${name} – ${advice}`;
}
