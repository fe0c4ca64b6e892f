import type { Diagnosis } from "@unblock/diagnose/diagnosis";
import type { Exercise } from "@unblock/proto/exercises";
import { shown, yoursFolder } from "../workspace.ts";
import { checkDecision, meantStrategies } from "./decision.ts";
import { burstMs, HarnessTrouble, LearnerFault, tampering } from "./faults.ts";
import { KeptFiles } from "./kept-files.ts";
import { lineOfMistake } from "./line-of-mistake.ts";
import { TreeWatch } from "./measure/system.ts";
import { LearnerService } from "./process/learner-service.ts";
import {
  type ExerciseResult,
  fail,
  failOf,
  type Listener,
  type Outcome,
  pass,
  Report,
} from "./result.ts";
import { Callers, type Session } from "./session.ts";
import { checkBurst } from "./steps/burst.ts";
import { checkTrackEvent } from "./steps/event.ts";
import { checkLoads, checkTypes, findAny, readSource, type TypeProblems } from "./types.ts";
import { Analytics } from "./world/analytics.ts";
import { World } from "./world/world.ts";

export interface CheckOptions extends Listener {
  /** Result of a type check that includes the file. Default: checks this file alone. */
  readonly types?: Promise<TypeProblems>;
}

/**
 * Checks a learner's answer to an exercise in its own process, which has ended when this resolves. Never
 * rejects for what the file does or for trouble of the check: the result reports both.
 *
 * @param file absolute path
 */
export async function checkExercise(
  exercise: Exercise,
  file: string,
  { types = checkTypes([file]), ...listener }: CheckOptions = {},
): Promise<ExerciseResult> {
  const report = new Report(shown(file), listener);
  const kept = new KeptFiles(yoursFolder);
  await using open = new AsyncDisposableStack();
  listener.onBegin?.("loads");
  // Reported below: the step "loads" has one outcome.
  const starting = start(exercise, file, open).catch(toFault);
  const [started, typeProblems] = await Promise.all([starting, types]);
  const unchecked = findAny(readSource(file));
  const fault = started instanceof Error ? started : undefined;
  const service = started instanceof Error ? undefined : started.service;
  const isLoaded = report.add(
    "loads",
    checkLoads(shown(file), fault, typeProblems?.get(file), unchecked),
  );
  if (isLoaded && !(started instanceof Error)) {
    await checkServed({ exercise, file: shown(file), ...started }, report);
  }
  await service?.close();
  const changed = kept.restore(readSource(file));
  if (changed.length > 0) {
    const text = `wrote to the course's own ${changed.join(", ")}, which was put back`;
    report.add("stop", failOf(shown(file), tampering(text)));
  }
  return resultOf(exercise, file, service, report);
}

/** Starts the backends, then the service. @param open closes them */
async function start(exercise: Exercise, file: string, open: AsyncDisposableStack) {
  const analytics = exercise.work.afterResponse ? await Analytics.open() : undefined;
  open.defer(() => analytics?.close());
  const world = open.adopt(await World.open(), (one) => one.close());
  const analyticsUrl = analytics?.url ?? null;
  const options = { exercise, file, analyticsUrl, world: world.addresses };
  const service = open.adopt(await LearnerService.start(options), (one) => one.close());
  return { analytics, world, service };
}

function toFault(error: unknown): LearnerFault | HarnessTrouble {
  return error instanceof LearnerFault || error instanceof HarnessTrouble
    ? error
    : new HarnessTrouble(error instanceof Error ? error.message : String(error));
}

/** The steps after the service has started. */
async function checkServed(
  served: Omit<Session, "callers" | "tree">,
  report: Report,
): Promise<void> {
  const { exercise, service, world, analytics } = served;
  report.add("decision", checkDecision(exercise, service.decision));
  const callers = await report.attempt("answer", () =>
    service.within(
      burstMs,
      "did not let anybody call",
      Callers.open(exercise, service.url, service.ended()),
    ),
  );
  if (callers !== undefined) {
    const session = { ...served, callers, tree: new TreeWatch(service.pid) };
    try {
      await (analytics === undefined
        ? checkBurst(session, report)
        : checkTrackEvent({ ...session, analytics }, report));
    } finally {
      await callers.close();
    }
  }
  if (!service.hasDied) {
    await report.make("stop", () => checkStop(service, world));
  }
}

/** Does the service stop when asked to, and does everything that it started end with it? */
async function checkStop(service: LearnerService, world: World): Promise<Outcome> {
  const left = await service.stop();
  world.holdings.throwTampering();
  const [first] = left;
  if (first === undefined) {
    return pass("it stops when it is asked to, and no process is left");
  }
  const processes = left.length === 1 ? "1 process was" : `${left.length} processes were`;
  const message = `${processes} still there after the service, such as: ${first.command}`;
  return fail(message, {
    name: "left-behind",
    finding: `${message}; the check ended them.`,
    nextStep:
      "Have each process end when its parent's channel closes (process.on('disconnect', process.exit)), or end it on SIGTERM; detached ones outlive their parent.",
    numbers: { processes_left: left.length },
  });
}

function resultOf(
  exercise: Exercise,
  file: string,
  service: LearnerService | undefined,
  { steps, diagnoses, verdict }: Report,
): ExerciseResult {
  const { letter, rpc, title, strategies } = exercise;
  const [decided] = meantStrategies(exercise, service?.decision);
  const source = readSource(file);
  const withLine = (diagnosis: Diagnosis): Diagnosis => {
    const line = diagnosis.line ?? lineOfMistake(shown(file), source, diagnosis);
    return line === undefined ? diagnosis : { ...diagnosis, line };
  };
  return {
    exercise: letter,
    rpc,
    title,
    file: shown(file),
    verdict,
    decided: strategies.find(({ name }) => name === decided)?.name,
    steps,
    diagnoses: diagnoses.map(withLine),
  };
}
