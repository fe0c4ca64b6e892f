import { isDeepStrictEqual } from "node:util";
import type { JsonValue } from "@bufbuild/protobuf";
import { asksTooOften, eventsMissing, eventsMixedUp } from "../mistakes/answers.ts";
import type { Wrong } from "./judge-replies.ts";

/**
 * Did each event of calls at once arrive, and once?
 *
 * @param posted what arrived, as text
 */
export function judgeEvents(
  requests: readonly JsonValue[],
  posted: readonly string[],
): Wrong | undefined {
  const events = posted.map(parse);
  const timesOf = (request: JsonValue) =>
    events.filter((event) => isDeepStrictEqual(event, request)).length;
  const times = requests.map(timesOf);
  const missing = times.filter((one) => one === 0).length;
  const repeated = times.filter((one) => one > 1).length;
  const message = `${events.length} events arrived for ${requests.length} calls, ${missing} of theirs are missing`;
  if (missing > 0) {
    const others = events.length - times.filter((one) => one > 0).length;
    const diagnosis =
      others > 0
        ? eventsMixedUp(requests.length, missing)
        : eventsMissing(requests.length, missing);
    return { message, diagnosis };
  }
  return repeated > 0
    ? { message, diagnosis: asksTooOften("analytics service", events.length, requests.length) }
    : undefined;
}

function parse(text: string): JsonValue {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
