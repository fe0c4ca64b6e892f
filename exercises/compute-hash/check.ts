import { createHash, randomInt } from "node:crypto";
import { fails, fieldOf, type Plan, words } from "../check-plan.ts";

/** Rounds at most that the check computes itself. */
const fewRounds = 1_000;

export default {
  questions: [
    { data: "test", rounds: 1 },
    { data: "test", rounds: 3 },
    { data: "", rounds: 2 },
    { data: `naïve ${words}`, rounds: randomInt(500, fewRounds) },
  ].map((request) => ({ request })),
  backend: undefined,
  rightFields: (request, { answers }) => {
    const rounds = Number(fieldOf(request, "rounds"));
    const algorithm = ["sha256"];
    if (rounds <= fewRounds) {
      return { hash: [chainedHash(String(fieldOf(request, "data")), rounds)], algorithm };
    }
    const known = answers.get(JSON.stringify(request));
    return known === undefined ? { algorithm } : { hash: [fieldOf(known, "hash")], algorithm };
  },
  troubles: [],
  burst: (n, rounds) => ({ data: `${words} ${n}`, rounds }),
  cancelled: [
    {
      during: "hashes are computed, and others wait",
      calls: (cores) => 3 * cores,
      request: (rounds) => ({ data: `${words} 0`, rounds: 3 * rounds }),
      deadlineMs: (taskMs) => taskMs / 2,
    },
  ],
  stubMistake: "cpu-behind-a-promise",
  wrongAnswers: [
    fails("inline.ts", "loop-blocked-by-cpu"),
    fails("async-function.ts", "cpu-behind-a-promise"),
    fails("in-a-later-turn.ts", "cpu-behind-a-promise", "wrong-executor"),
    fails("in-slices.ts", "cpu-behind-a-promise"),
    fails("a-worker-a-call.ts", ["more-threads-than-cores", "executor-per-call"]),
    fails("sixteen-threads.ts", "more-threads-than-cores", "wrong-executor"),
    fails("ignores-the-signal.ts", "signal-ignored"),
    fails("computes-to-the-end.ts", "signal-ignored"),
    fails("a-round-too-many.ts", "wrong-answer"),
    fails("node-crypto-inline.ts", "loop-blocked-by-cpu"),
    fails("node-crypto-behind-a-promise.ts", "cpu-behind-a-promise"),
    fails("a-process-a-call.ts", "executor-per-call"),
    fails("processes-that-stay.ts", ["left-behind", "executor-per-call"]),
    fails("a-pool-a-call.ts", ["executor-per-call", "more-threads-than-cores"]),
    fails("piscina-with-sixteen.ts", "more-threads-than-cores"),
    fails("one-worker.ts", "sequential"),
    fails("whoever-is-first.ts", "mixed-up-calls"),
    fails("the-data-in-a-variable.ts", "mixed-up-calls"),
    fails("node-as-a-calculator.ts", "loop-blocked-by-waiting"),
    fails("enough-rounds.ts", ["wrong-answer", "work-skipped"]),
    fails("sleeps-instead.ts", ["wrong-answer", "work-skipped"]),
    fails("a-hash-for-each-text.ts", [
      "stale-value",
      "wrong-answer",
      "mixed-up-calls",
      "work-skipped",
    ]),
    fails("one-caller-only.ts", "fails-beside-others"),
    fails("someone-elses-answer.ts", "tampers-with-the-check"),
    fails("at-home-in-the-server.ts", "tampers-with-the-check"),
    fails("the-solution-in-a-worker.ts", "tampers-with-the-check"),
    fails("the-solution-in-a-process.ts", "tampers-with-the-check"),
    fails("remembers-without-rounds.ts", "stale-value"),
    fails("the-solution-in-a-bare-worker.ts", "tampers-with-the-check"),
    fails("computes-to-be-sure.ts", "slower-than-its-work"),
    fails("spins-for-a-worker.ts", "loop-blocked-by-cpu"),
    fails("goes-on-in-its-own-pool.ts", "signal-ignored"),
  ],
} satisfies Plan;

function chainedHash(data: string, rounds: number): string {
  let digest = createHash("sha256").update(data).digest();
  for (let round = 1; round < rounds; round++) {
    digest = createHash("sha256").update(digest).digest();
  }
  return digest.toString("hex");
}
