import type { Diagnosis } from "../../diagnose/diagnosis.ts";

export function replyWaits(replyMs: number): Diagnosis {
  return {
    name: "reply-waits-for-work",
    finding:
      "Analytics had the event, and the reply was not out before analytics had taken it: the caller waits for what it needs nothing of.",
    nextStep: "Reply first, and leave the event to somebody who lives longer than the call.",
    numbers: { reply_ms: replyMs },
  };
}

/** @param when what the caller did, such as "had its reply" */
export function lostOnAbort(when: string): Diagnosis {
  return {
    name: "lost-on-abort",
    finding: `The caller ${when}, and the event was lost before analytics could take it: the call's signal aborts then, also after a success.`,
    nextStep:
      "Keep the call's signal away from what outlives the call, and take the one of whoever owns the work.",
    numbers: { events_lost: 1 },
  };
}

export function lostAtShutdown(): Diagnosis {
  return {
    name: "lost-at-shutdown",
    finding:
      "The service was asked to stop (SIGTERM) with an event on its way, and ended without waiting for it: the event is lost.",
    nextStep: "Give the event to an owner that the service waits for when it stops: inBackground.",
    numbers: { events_lost: 1 },
  };
}

/** @param posted what arrived; undefined when nothing did */
export function wrongEvent(posted: string | undefined, expected: string): Diagnosis {
  return {
    name: "wrong-answer",
    finding:
      posted === undefined
        ? `The reply is right, and no event arrived at analytics, where ${expected} should have.`
        : `Analytics got ${posted || "nothing"}, and not ${expected}.`,
    nextStep: "Post the event to analyticsUrl() as JSON, with the fields that the scenario names.",
    numbers: {},
  };
}
