import { waitForQuiet } from "../../machine/quiet.ts";

/** Others kept the machine too busy to measure on, for too long. */
export class TooBusyError extends Error {
  override readonly name = "TooBusyError";
}

/**
 * Waits until nobody else uses the machine.
 *
 * @throws TooBusyError when that takes too long
 */
export async function becomeQuiet(say: (what: string) => void): Promise<void> {
  const busyCores = await waitForQuiet((busy) =>
    say(`waiting: others keep ${busy.toFixed(1)} cores busy`),
  );
  if (busyCores !== undefined) {
    throw new TooBusyError(
      `The machine is too busy to measure on: others keep ${busyCores.toFixed(1)} cores busy. ` +
        "Stop what runs, or try again later.",
    );
  }
}
