/** Levels of the specification by the number of passed exercises, the highest first. */
export const levels = [
  { from: 8, to: 8, name: "Expert", advice: "ready for production MLOps" },
  { from: 6, to: 7, name: "Solid", advice: "review the ones you missed" },
  { from: 4, to: 5, name: "Getting there", advice: "read about the ones you missed" },
  { from: 0, to: 3, name: "Review", advice: "read how Node runs your code, then try again" },
] as const;

type Level = (typeof levels)[number];

export function levelOf(passed: number): Level {
  return levels.find(({ from }) => from <= passed) ?? levels[3];
}

export function describeLevel({ name, advice }: Level): string {
  return `${name} – ${advice}`;
}
