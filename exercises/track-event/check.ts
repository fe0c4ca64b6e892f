import { ExerciseCheck, fails, type Plan, someId, words } from "../check-plan.ts";

const plan: Plan = {
  questions: [],
  backend: undefined,
  rightFields: () => ({ status: ["accepted"] }),
  troubles: [],
  burst: (n) => ({ event: `${words} ${n}`, user_id: someId + n }),
  crowd: 10,
  cancelled: [],
};

const stubMistake = "reply-waits-for-work";

const wrongAnswers = [
  fails("the-one-before-first.ts", "reply-waits-for-work"),
  fails("a-timer-that-batches.ts", "lost-at-shutdown"),
  fails("awaits.ts", "reply-waits-for-work"),
  fails("with-the-calls-signal.ts", "lost-on-abort"),
  fails("background-with-the-calls-signal.ts", "lost-on-abort"),
  fails("without-an-owner.ts", "lost-at-shutdown"),
  fails("nobody-handles-a-failure.ts", "unhandled-rejection", "lost-at-shutdown"),
  fails("another-field.ts", "wrong-answer"),
  fails("in-a-later-turn.ts", "lost-at-shutdown"),
  fails("nobody-waits-for-it.ts", "lost-at-shutdown"),
  fails("an-array-for-later.ts", "lost-at-shutdown"),
  fails("the-event-in-a-variable.ts", ["mixed-up-calls"]),
  fails("sends-it-twice.ts", "asks-too-often"),
  fails("until-it-works.ts", "retries-without-end"),
  fails("as-a-form.ts", "wrong-answer"),
  fails("only-writes-a-log.ts", ["answer-not-from-backend", "wrong-answer"]),
  fails("a-worker-an-event.ts", "executor-per-call"),
  fails("curl-for-each-event.ts", ["executor-per-call", "left-behind"]),
  fails("an-agent-an-event.ts", "connection-per-call"),
  fails("waits-for-a-while.ts", "reply-waits-for-work"),
  fails("marks-itself-passed.ts", "tampers-with-the-check"),
  fails("leaves-the-response.ts", "body-not-read"),
  fails("five-at-once-or-none.ts", "fails-beside-others"),
];

export default new ExerciseCheck({ plan, stubMistake, wrongAnswers });
