import { type Asked, fails, fieldOf, moreThanThreads, type Plan } from "../check-plan.ts";

export default {
  questions: [{}, {}, {}].map((request) => ({ request })),
  backend: { name: "slow disk", callsEach: 1, overlap: 4 },
  rightFields: (_, { asked }) => {
    const given = asked.filter(({ backend }) => backend === "slow disk").map(configOfAsked);
    return {
      setting_a: given.map((one) => fieldOf(one, "setting_a")),
      setting_b: given.map((one) => fieldOf(one, "setting_b")),
    };
  },
  distinct: ["setting_a", "setting_b"],
  troubles: [{ mood: "empty", what: "the file is empty", request: {}, mayBeRight: false }],
  burst: () => ({}),
  cancelled: [
    {
      during: "the reads go on",
      calls: moreThanThreads,
      request: () => ({}),
      deadlineMs: () => 15,
    },
  ],
  stubMistake: "loop-blocked-by-waiting",
  wrongAnswers: [
    fails("read-file-sync.ts", "loop-blocked-by-waiting"),
    fails("four-threads.ts", "libuv-pool-saturated"),
    fails("threads-not-libuv.ts", "wrong-executor"),
    fails("reads-once.ts", "stale-value"),
    fails("one-at-a-time.ts", "sequential"),
    fails("ignores-the-signal.ts", "signal-ignored"),
    fails("opens-and-knows.ts", "answer-not-from-backend"),
    fails("leaves-files-open.ts", "left-behind"),
    fails("one-buffer-for-all.ts", "mixed-up-calls"),
    fails("for-a-minute.ts", ["stale-value", "answer-not-from-backend"]),
    fails("a-worker-a-read.ts", "executor-per-call"),
    fails("cat-for-each-read.ts", "executor-per-call"),
    fails("cat-and-waits.ts", "loop-blocked-by-waiting"),
    fails("opens-on-the-loop.ts", "loop-blocked-by-waiting"),
    fails("reads-twice.ts", "asks-too-often"),
    fails("defaults-if-it-fails.ts", "hides-failure"),
    fails("two-at-a-time.ts", "sequential"),
    fails("computes-while-it-waits.ts", "loop-kept-busy"),
    fails("without-one-check.ts", "tampers-with-the-check"),
    fails("the-size-comes-too-late.ts", "libuv-pool-saturated"),
    fails("reads-ahead.ts", ["stale-value", "answer-not-from-backend"]),
  ],
} satisfies Plan;

function configOfAsked({ value }: Asked): unknown {
  return typeof value === "string" && value !== "" ? JSON.parse(value) : {};
}
