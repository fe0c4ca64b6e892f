import { fails, fieldOf, type Plan, troublesOf } from "../check-plan.ts";

export default {
  questions: [{}, {}].map((request) => ({ request })),
  backend: { name: "services", callsEach: 5, overlap: 5 },
  rightFields: (_, { asked }) =>
    Object.fromEntries(
      [1, 2, 3, 4, 5].map((n) => [
        `service_${n}`,
        asked
          .filter(({ backend }) => backend === `service-${n}`)
          .map(({ value }) => fieldOf(value, "data")),
      ]),
    ),
  distinct: [1, 2, 3, 4, 5].map((n) => `service_${n}`),
  troubles: [
    ...troublesOf("the third of the services", {}),
    { mood: "slow", what: "they are slow", request: {}, mayBeRight: true },
  ],
  burst: () => ({}),
  crowd: 5,
  cancelled: [
    {
      during: "the services are asked",
      calls: () => 5,
      request: () => ({}),
      deadlineMs: () => 50,
    },
  ],
  stubMistake: "sequential",
  wrongAnswers: [
    fails("in-turn.ts", "sequential"),
    fails("awaits-inside-all.ts", "sequential", "wrong-executor"),
    fails("two-batches.ts", "sequential"),
    fails("five-at-once-for-all.ts", "sequential"),
    fails("ignores-the-signal.ts", "signal-ignored"),
    fails("asks-one-twice.ts", "wrong-answer"),
    fails("in-order-of-arrival.ts", ["mixed-up-calls", "wrong-answer"]),
    fails("the-dashboard-in-a-variable.ts", "mixed-up-calls"),
    fails("empty-if-it-fails.ts", "hides-failure"),
    fails("awaits-in-turn.ts", "unhandled-rejection"),
    fails("a-socket-a-request.ts", "connection-per-call"),
    fails("only-asks.ts", ["body-not-read", "answer-not-from-backend"]),
    fails("keeps-the-fifth.ts", ["stale-value", "answer-not-from-backend"]),
    fails("until-it-works.ts", "retries-without-end"),
    fails("asks-all-twice.ts", "asks-too-often"),
    fails("one-controller-for-all.ts", "fails-beside-others"),
    fails("the-latest-caller-counts.ts", "fails-beside-others"),
    fails("curl-five-times.ts", "executor-per-call"),
    fails("its-own-fetch.ts", "tampers-with-the-check"),
    fails("array-from-async.ts", "sequential"),
    fails("the-work-in-a-clean-thread.ts", "tampers-with-the-check"),
  ],
} satisfies Plan;
