/** Figures with their units in the names. */
export type Figures = Readonly<Record<string, number>>;

/** How many, or how much, to measure with: the program's third argument. */
export const figure = Number(process.argv[4]);

/**
 * The program's first argument says which of the ways to measure, its second is a folder that is
 * removed afterwards. What it measured is a line of JSON.
 */
export async function measureWay(
  ways: Readonly<Record<string, (folder: string) => Promise<Figures>>>,
): Promise<void> {
  const [, , name = "", folder = ""] = process.argv;
  const measure = ways[name];
  if (measure === undefined) {
    throw new Error(`Expected one of ${Object.keys(ways).join(", ")}, got "${name}"`);
  }
  process.stdout.write(`${JSON.stringify(await measure(folder))}\n`);
}
