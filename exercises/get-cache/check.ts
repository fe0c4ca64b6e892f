import { valueOfKey } from "../backend-values.ts";
import { fails, fieldOf, type Plan, words } from "../check-plan.ts";

export default {
  questions: [
    { request: { key: words } },
    { request: { key: ` A b ${words} ` } },
    { request: { key: "empty" } },
    { request: { key: "forgotten" }, forget: "forgotten" },
    // A miss that was filled with something would be a hit.
    { request: { key: "forgotten" } },
    { request: { key: words } },
  ],
  // Of a hundred: five rounds are within the time of the burst.
  backend: { name: "cache", callsEach: 1, overlap: 20 },
  rightFields: (request, { mark }) => {
    const key = String(fieldOf(request, "key"));
    const hit = key !== "forgotten";
    return { key: [key], value: [hit ? valueOfKey(mark, key) : ""], hit: [hit] };
  },
  troubles: [
    {
      mood: "failing",
      what: "the cache answers with an error",
      request: { key: `${words} failing` },
      mayBeRight: false,
    },
    { mood: "slow", what: "it is slow", request: { key: `${words} slow` }, mayBeRight: true },
  ],
  burst: (n) => ({ key: `${words}${n}` }),
  cancelled: [],
  stubMistake: "loop-blocked-by-waiting",
  wrongAnswers: [
    fails("blocking-client.ts", "loop-blocked-by-waiting", "wrong-executor"),
    fails("threads.ts", "sequential"),
    fails("one-at-a-time.ts", "sequential"),
    fails("computes-on-the-way.ts", "cpu-behind-a-promise"),
    fails("always-a-hit.ts", "hides-failure"),
    fails("a-client-a-call.ts", "connection-per-call"),
    fails("clients-that-stay.ts", ["left-behind", "connection-per-call"]),
    fails("the-key-in-a-variable.ts", "mixed-up-calls"),
    fails("the-value-in-a-variable.ts", ["mixed-up-calls"]),
    fails("answers-from-behind.ts", "mixed-up-calls"),
    fails("keeps-values.ts", "stale-value"),
    fails("nothing-is-a-miss.ts", ["wrong-answer"]),
    fails("five-at-a-time.ts", "sequential"),
    fails("waits-for-a-worker.ts", "loop-blocked-by-waiting"),
    fails("touches-and-forgets.ts", "unhandled-rejection"),
    fails("until-it-works.ts", "retries-without-end"),
    fails("only-one-caller.ts", "fails-beside-others"),
    fails("asks-three-times.ts", "asks-too-often"),
    fails("speaks-for-the-service.ts", "tampers-with-the-check"),
    fails("normalises-the-key.ts", "wrong-answer"),
    fails("fills-a-miss.ts", "hides-failure"),
    fails("one-reply-a-chunk.ts", ["fails-beside-others", "mixed-up-calls"]),
    fails("knows-the-values.ts", "tampers-with-the-check"),
  ],
} satisfies Plan;
