import type { Diagnosis } from "./diagnosis.ts";
import { times } from "./numbers.ts";
import type { Rejections } from "./watch-rejections.ts";

export function diagnoseRejections({ message, line, count }: Rejections): Diagnosis {
  return {
    name: "unhandled-rejection",
    finding: `A promise was rejected ${times(count)} and nobody handled it ("${shorten(message)}"): without a listener that ends the process, with all its calls.`,
    ...(line === undefined ? {} : { line }),
    nextStep: "Await the promise where a failure is handled, or give it a catch().",
    numbers: { rejections: count },
  };
}

function shorten(message: string): string {
  const [line = ""] = message.split("\n");
  return line.length > 100 ? `${line.slice(0, 100)}…` : line;
}
