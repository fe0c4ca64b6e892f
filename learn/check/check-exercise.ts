import type { Exercise } from "../../registry/exercises.ts";
import type { Diagnosis } from "../diagnose/diagnosis.ts";
import { shown, yoursFolder } from "../workspace.ts";
import { Analytics } from "./analytics/analytics.ts";
import { checkDecision, meantStrategies } from "./decision.ts";
import { burstMs, HarnessTrouble, LearnerFault, tampering } from "./faults.ts";
import { KeptFiles } from "./kept-files.ts";
import { lineOfMistake } from "./line-of-mistake.ts";
import { TreeWatch } from "./measure/system.ts";
import { leftBehind } from "./mistakes/executors.ts";
import { LearnerService, type StartOptions } from "./process/learner-service.ts";
import { fail, failOf, type Listener, type Outcome, pass, Report } from "./report.ts";
import type { ExerciseResult } from "./result.ts";
import { Callers, type Session } from "./session.ts";
import { checkBurst } from "./steps/burst.ts";
import { checkTrackEvent } from "./steps/event.ts";
import { checkLoads, checkTypes, findAny, readSource, type TypeProblems } from "./types.ts";
import { World } from "./world/world.ts";

export interface CheckOptions extends Listener {
  /** What the compiler says of the file, among others. Default: it is asked about this file alone. */
  readonly types?: Promise<TypeProblems>;
}

/**
 * Checks a learner's answer to an exercise, in a process of its own that is gone when this resolves. It
 * never rejects for what the file does, nor for trouble of its own: both are told in the result.
 *
 * @param file its path, absolute
 */
export async function checkExercise(
  exercise: Exercise,
  file: string,
  { types = checkTypes([file]), ...listener }: CheckOptions = {},
): Promise<ExerciseResult> {
  const report = new Report(shown(file), listener);
  const kept = new KeptFiles(yoursFolder);
  const analytics = exercise.work.afterReply ? await Analytics.open() : undefined;
  let world: World | undefined;
  try {
    listener.onBegin?.("loads");
    world = await openWorld();
    const [started, typeProblems] = await Promise.all([
      start(world, { exercise, file, analyticsUrl: analytics?.url ?? null }),
      types,
    ]);
    const service = started instanceof LearnerService ? started : undefined;
    const fault = started instanceof LearnerService ? undefined : started;
    const unchecked = findAny(readSource(file));
    const loads = checkLoads(shown(file), fault, typeProblems?.get(file), unchecked);
    const backends = world;
    if (report.add("loads", loads) && service !== undefined && backends !== undefined) {
      report.add("decision", checkDecision(exercise, service.decision));
      await checkServed(
        { exercise, file: shown(file), service, world: backends, analytics },
        report,
      );
      if (!service.hasDied) {
        await report.make("stop", () => checkStop(service, backends));
      }
    }
    await service?.close();
    const changed = kept.restore(readSource(file));
    if (changed.length > 0) {
      const fault = tampering(
        `wrote to the course's own ${changed.join(", ")}, which was put back`,
      );
      report.add("stop", failOf(shown(file), fault));
    }
    return resultOf(exercise, file, service, report);
  } finally {
    analytics?.close();
    await world?.close();
  }
}

/** @returns undefined when it does not start, which the service can't do either then */
async function openWorld(): Promise<World | undefined> {
  return World.open().catch(() => undefined);
}

async function start(
  world: World | undefined,
  options: Omit<StartOptions, "world">,
): Promise<LearnerService | LearnerFault | HarnessTrouble> {
  if (world === undefined) {
    return new HarnessTrouble("the check's backends did not start");
  }
  try {
    return await LearnerService.start({ ...options, world: world.addresses });
  } catch (error) {
    if (error instanceof LearnerFault) {
      return error;
    }
    return new HarnessTrouble(error instanceof Error ? error.message : String(error));
  }
}

/** The steps for which somebody calls. */
async function checkServed(
  served: Omit<Session, "callers" | "tree">,
  report: Report,
): Promise<void> {
  const { exercise, service, analytics } = served;
  const callers = await report.attempt("answer", () =>
    service.within(
      burstMs,
      "did not let anybody call",
      Callers.open(exercise, service.url, service.ended()),
    ),
  );
  if (callers === undefined) {
    return;
  }
  const session = { ...served, callers, tree: new TreeWatch(service.pid) };
  try {
    if (analytics === undefined) {
      await checkBurst(session, report);
    } else {
      await checkTrackEvent(session, analytics, report);
    }
  } finally {
    await callers.close();
  }
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

/** Does the service stop when it is asked to, and does all that it started end with it? */
async function checkStop(service: LearnerService, world: World): Promise<Outcome> {
  const left = await service.stop();
  world.holdings.throwTampering();
  if (left.length === 0) {
    return pass("it stops when it is asked to, and no process is left");
  }
  const [first] = left;
  const processes = left.length === 1 ? "1 process was" : `${left.length} processes were`;
  const message = `${processes} still there after the service, such as: ${first?.command}`;
  return fail(message, leftBehind(message, left.length));
}
