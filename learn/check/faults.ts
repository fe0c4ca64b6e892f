/** What the learner's file did that ends its check. The message goes on after the file's name. */
export class LearnerFault extends Error {
  /** In the file, from 1; undefined when nothing points to one. */
  readonly line: number | undefined;

  constructor(message: string, line?: number | null) {
    super(message);
    this.name = "LearnerFault";
    this.line = line ?? undefined;
  }
}

/** Something that is no mistake of the learner's, and lets nothing be told. */
export class HarnessTrouble extends Error {
  override readonly name = "HarnessTrouble";
}
