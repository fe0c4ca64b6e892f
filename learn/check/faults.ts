import type { DiagnosisName } from "../diagnose/diagnosis.ts";

/** A mistake that has a name. */
export interface NamedMistake {
  readonly name: DiagnosisName;
  /** One next step: a sentence. */
  readonly nextStep: string;
}

/** What the learner's file did that ends its check. The message goes on after the file's name. */
export class LearnerFault extends Error {
  /** In the file, from 1; undefined when nothing points to one. */
  readonly line: number | undefined;
  /** Undefined when the message says it all. */
  readonly mistake: NamedMistake | undefined;

  constructor(message: string, line?: number | null, mistake?: NamedMistake) {
    super(message);
    this.name = "LearnerFault";
    this.line = line ?? undefined;
    this.mistake = mistake;
  }
}

/** Something that is no mistake of the learner's, and lets nothing be told. */
export class HarnessTrouble extends Error {
  override readonly name = "HarnessTrouble";
}

/** A limit that passed while others had the cores: it tells nothing, unless the loop is known to be stuck. */
export class StarvedLimit extends HarnessTrouble {
  /** What the file is told when it is. */
  readonly limit: string;

  constructor(limit: string) {
    super(`${limit}; but others had the cores nearly all of that time`);
    this.limit = limit;
  }
}

/** Code that reaches into the check instead of answering calls. */
export function tampering(message: string, line?: number | null): LearnerFault {
  return new LearnerFault(message, line, {
    name: "tampers-with-the-check",
    nextStep:
      "Answer the calls with the toolbox, the pools, Node's modules and packages, and leave what the check works with as it is.",
  });
}
