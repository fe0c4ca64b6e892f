import {
  city,
  fails,
  fieldOf,
  moreThanThreads,
  type Plan,
  someCity,
  troublesOf,
  words,
} from "../check-plan.ts";

export default {
  questions: [city, `São Paulo & ${words}`, city].map((city) => ({ request: { city } })),
  backend: { name: "weather", callsEach: 1, overlap: 10 },
  rightFields: (request, { asked }) => {
    const city = fieldOf(request, "city");
    const given = asked.filter((one) => one.backend === "weather" && one.what === city);
    return {
      city: [city],
      temperature: given.map(({ value }) => fieldOf(value, "temperature")),
      conditions: given.map(({ value }) => fieldOf(value, "conditions")),
    };
  },
  troubles: [
    ...troublesOf("the weather service", { city }),
    { mood: "slow", what: "it is slow", request: { city: someCity() }, mayBeRight: true },
  ],
  burst: (n) => ({ city: `${someCity()} ${n}` }),
  cancelled: [
    {
      during: "the requests are on their way",
      calls: moreThanThreads,
      request: () => ({ city: someCity() }),
      deadlineMs: () => 60,
    },
  ],
  stubMistake: "loop-blocked-by-waiting",
  wrongAnswers: [
    fails("parses-in-a-listener.ts", "ends-the-service"),
    fails("blocking-client.ts", "loop-blocked-by-waiting", "wrong-executor"),
    fails("one-at-a-time.ts", "sequential"),
    fails("waits-first.ts", "slower-than-its-work"),
    fails("ignores-the-signal.ts", "signal-ignored"),
    fails("invents-the-weather.ts", "answer-not-from-backend"),
    fails("the-city-in-a-variable.ts", "mixed-up-calls"),
    fails("one-request-for-all.ts", ["mixed-up-calls", "answer-not-from-backend", "stale-value"]),
    fails("curl-and-waits.ts", "loop-blocked-by-waiting"),
    fails("curl-for-each-call.ts", "executor-per-call"),
    fails("an-agent-a-call.ts", "connection-per-call"),
    fails("one-socket.ts", "sequential"),
    fails("only-looks-at-the-status.ts", ["body-not-read", "answer-not-from-backend"]),
    fails("asks-first-whether-it-is-up.ts", "asks-too-often"),
    fails("sunny-if-it-fails.ts", "hides-failure"),
    fails("until-it-works.ts", "retries-without-end"),
    fails("keeps-the-weather.ts", "stale-value"),
    fails("one-controller-for-all.ts", "fails-beside-others"),
    fails("shares-the-first-callers-signal.ts", "fails-beside-others"),
    fails("two-at-a-time.ts", "sequential"),
    fails("without-types.ts", "tampers-with-the-check"),
    fails("the-solution-in-an-empty-environment.ts", "tampers-with-the-check"),
    fails("asks-until-it-is-there.ts", ["cpu-behind-a-promise", "loop-kept-busy"]),
  ],
} satisfies Plan;
