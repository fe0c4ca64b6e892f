import type { Diagnosis } from "./diagnosis.ts";
import { times } from "./numbers.ts";
import { alsoAt } from "./sites.ts";
import type { Rejections } from "./watch-rejections.ts";

export function diagnoseRejections(rejections: Rejections): Diagnosis {
  const { message, line, otherLines = [], count, cause } = rejections;
  return {
    name: "unhandled-rejection",
    finding: `A promise was rejected ${times(count)} and nobody handled it ("${shorten(message)}"): without a listener that ends the process, with all its calls.${alsoAt(otherLines)}`,
    ...(cause === undefined ? {} : { id: `unhandled-rejection ${cause}` }),
    ...(line === undefined ? {} : { line }),
    ...(otherLines.length === 0 ? {} : { otherLines }),
    nextStep: "Await the promise where a failure is handled, or give it a catch().",
    numbers: { rejections: count },
  };
}

function shorten(message: string): string {
  const [line = ""] = message.split("\n");
  return line.length > 100 ? `${line.slice(0, 100)}…` : line;
}
