import type { House } from "../../server/exercises/exercise.ts";

let open: { readonly house: House; readonly file: string } | undefined;

/** Makes the service's places known to the pools, and the learner's file to those who run it elsewhere. */
export function provideHouse(house: House, file: string): void {
  open = { house, file };
}

/** @throws Error in any other thread than the service's main one */
export function house(): House {
  return opened().house;
}

/** The URL of the learner's file. */
export function learnerFile(): string {
  return opened().file;
}

function opened(): NonNullable<typeof open> {
  if (open === undefined) {
    throw new Error("The pools are for the handler, in the service's main thread");
  }
  return open;
}
