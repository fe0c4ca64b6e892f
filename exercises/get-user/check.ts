import { userOf } from "../backend-values.ts";
import { fails, fieldOf, moreThanThreads, otherId, type Plan, someId } from "../check-plan.ts";

export default {
  questions: [1, someId, otherId, someId].map((id) => ({ request: { user_id: id } })),
  // Three rounds are within the time of the burst.
  backend: { name: "database", callsEach: 1, overlap: 4 },
  rightFields: (request, { mark }) => {
    const id = Number(fieldOf(request, "user_id"));
    const { name, email } = userOf(mark, id);
    return { user_id: [id], name: [name], email: [email] };
  },
  troubles: [
    {
      mood: "right",
      what: "there is no such user",
      request: { user_id: 200_000 },
      mayBeRight: false,
    },
  ],
  burst: (n) => ({ user_id: otherId + n }),
  cancelled: [
    {
      during: "queries run, and others wait",
      calls: moreThanThreads,
      request: () => ({ user_id: someId + 1 }),
      deadlineMs: () => 20,
    },
  ],
  stubMistake: "loop-blocked-by-waiting",
  wrongAnswers: [
    fails("blocks-in-async-function.ts", "loop-blocked-by-waiting"),
    fails("blocks-in-a-later-turn.ts", "loop-blocked-by-waiting", "wrong-executor"),
    fails("one-at-a-time.ts", "sequential"),
    fails("cpu-workers.ts", "wrong-executor"),
    fails("ignores-the-signal.ts", "signal-ignored"),
    fails("invents-the-email.ts", "answer-not-from-backend"),
    fails("the-id-in-a-variable.ts", "mixed-up-calls"),
    fails("whoever-is-first.ts", "mixed-up-calls"),
    fails("keeps-users.ts", "stale-value"),
    fails("one-caller-only.ts", "fails-beside-others"),
    fails("a-pool-a-call.ts", "executor-per-call"),
    fails("a-worker-a-call.ts", "executor-per-call"),
    fails("workers-that-stay.ts", ["left-behind", "executor-per-call"]),
    fails("waits-before-the-pool.ts", "loop-blocked-by-waiting"),
    fails("asks-and-invents.ts", "answer-not-from-backend"),
    fails("nobody-is-asked.ts", "answer-not-from-backend"),
    fails("a-failure-is-nobody.ts", "hides-failure"),
    fails("until-it-works.ts", "retries-without-end"),
    fails("asks-for-each-field.ts", "asks-too-often"),
    fails("asks-twice-by-itself.ts", "asks-too-often"),
    fails("leaves-the-query.ts", "signal-ignored"),
    fails("an-audit-nobody-awaits.ts", "unhandled-rejection"),
    fails("asks-whether-it-is-done.ts", "loop-kept-busy"),
    fails("its-own-json.ts", "tampers-with-the-check"),
    fails("starts-its-count-anew.ts", "tampers-with-the-check"),
    fails("a-cache-in-each-thread.ts", "stale-value"),
    fails("workers-that-spin.ts", "loop-kept-busy"),
    fails("a-copy-of-the-database.ts", "answer-not-from-backend"),
    fails("the-solution-in-a-child.ts", "tampers-with-the-check"),
  ],
} satisfies Plan;
