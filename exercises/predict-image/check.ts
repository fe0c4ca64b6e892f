import { fails, fieldOf, type Plan, troublesOf, words } from "../check-plan.ts";

export default {
  questions: ["cats/1.png", "dogs/2.png"].map((path) => ({
    request: { image_url: `http://example.com/${path}` },
  })),
  backend: { name: "images", callsEach: 1, overlap: 3 },
  rightFields: (request, { answers }) => {
    const known = answers.get(JSON.stringify(request));
    return known === undefined
      ? {}
      : {
          prediction: [fieldOf(known, "prediction")],
          confidence: [fieldOf(known, "confidence")],
        };
  },
  troubles: troublesOf("the image service", { image_url: `http://example.com/${words}/3.png` }),
  burst: (n) => ({ image_url: `http://example.com/${words}/${n}.png` }),
  cancelled: [
    {
      during: "the pictures are downloaded",
      calls: () => 5,
      request: () => ({ image_url: `http://example.com/${words}/1.png` }),
      deadlineMs: () => 40,
    },
    {
      during: "the pictures are classified, and others wait",
      computes: true,
      calls: (cores) => 3 * cores,
      request: () => ({ image_url: `http://example.com/${words}/2.png` }),
      deadlineMs: (taskMs) => 100 + taskMs / 4,
    },
  ],
  stubMistake: "cpu-behind-a-promise",
  wrongAnswers: [
    fails("inference-on-the-loop.ts", "cpu-behind-a-promise"),
    fails("blocks-for-the-download.ts", "loop-blocked-by-waiting"),
    fails("a-worker-a-picture.ts", ["more-threads-than-cores", "executor-per-call"]),
    fails("downloads-in-turn.ts", "sequential"),
    fails("downloads-in-workers.ts", "wrong-executor"),
    fails("ignores-the-signal.ts", "signal-ignored"),
    fails("a-pool-a-picture.ts", ["executor-per-call", "more-threads-than-cores"]),
    fails("the-picture-in-a-variable.ts", "mixed-up-calls"),
    fails("always-a-cat.ts", ["answer-not-from-backend", "wrong-answer", "work-skipped"]),
    fails("sleeps-instead.ts", ["wrong-answer", "work-skipped", "answer-not-from-backend"]),
    fails("keeps-predictions.ts", ["stale-value", "answer-not-from-backend"]),
    fails("downloads-twice.ts", "asks-too-often"),
    fails("a-cat-if-it-fails.ts", "hides-failure"),
    fails("drops-the-signal-halfway.ts", "signal-ignored"),
    fails("sixteen-threads.ts", "more-threads-than-cores"),
    fails("one-picture-at-a-time.ts", "sequential"),
    fails("two-callers-are-too-many.ts", "fails-beside-others"),
    fails("until-it-works.ts", "retries-without-end"),
    fails("the-exercise-itself.ts", "tampers-with-the-check"),
    fails("looks-twice.ts", "slower-than-its-work"),
    fails("the-worker-is-not-told.ts", "signal-ignored"),
  ],
} satisfies Plan;
