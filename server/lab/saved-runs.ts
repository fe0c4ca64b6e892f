import { randomInt } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { create, fromJsonString, toJsonString } from "@bufbuild/protobuf";
import { Failure, reasonOf } from "@unblock/errors/failure";
import { type Run, RunSchema, type RunSummary, RunSummarySchema } from "@unblock/proto/gen/lab";

const maxRuns = 100;
const idLetters = "abcdefghijklmnopqrstuvwxyz0123456789";
const idLength = 12;
/** Start time, so that names sort by it, and id. */
const namePattern = /^\d{8}T\d{9}Z-([a-z0-9]{12})\.json$/;

/** Finished runs, each saved in a file as protobuf JSON of `Run`. */
export class SavedRuns {
  readonly #folder: string;
  readonly #log: (line: string) => void;
  /** By file name; undefined for files that can't be read. */
  readonly #summaries = new Map<string, RunSummary | undefined>();

  /** @param folder created when the first run is saved */
  constructor(folder: string, log: (line: string) => void) {
    this.#folder = folder;
    this.#log = log;
  }

  /** Saves a run and returns its id, which can't be guessed. */
  async keep(summary: RunSummary, run: Pick<Run, "kind" | "machine">): Promise<string> {
    summary.id = Array.from(
      { length: idLength },
      () => idLetters[randomInt(idLetters.length)],
    ).join("");
    const whole = create(RunSchema, { ...run, summary });
    await mkdir(this.#folder, { recursive: true });
    const name = `${summary.beganAt.replaceAll(/[-:.]/g, "")}-${summary.id}.json`;
    const path = join(this.#folder, name);
    // A file gets its name when it is complete, so that nobody reads half a run.
    await writeFile(`${path}.new`, toJsonString(RunSchema, whole), { flush: true });
    await rename(`${path}.new`, path);
    this.#summaries.set(name, summary);
    for (const old of (await this.#names()).slice(maxRuns)) {
      await rm(join(this.#folder, old), { force: true });
      this.#summaries.delete(old);
    }
    return summary.id;
  }

  /** Newest first. */
  async list(): Promise<RunSummary[]> {
    const summaries: RunSummary[] = [];
    for (const name of await this.#names()) {
      if (!this.#summaries.has(name)) {
        await this.#read(name);
      }
      const summary = this.#summaries.get(name);
      if (summary !== undefined) {
        summaries.push(summary);
      }
    }
    return summaries;
  }

  /** @throws Failure "not-found" when the run was never saved, or has been deleted */
  async get(id: string): Promise<Run> {
    // The path is made of a name found in the folder, never of a caller's text.
    const name = (await this.#names()).find((one) => namePattern.exec(one)?.[1] === id);
    const run = name === undefined ? undefined : await this.#read(name);
    if (run === undefined) {
      throw new Failure("UNBLOCK_RUN_NOT_FOUND", { run: JSON.stringify(id), max_runs: maxRuns });
    }
    return run;
  }

  /** Newest first. */
  async #names(): Promise<string[]> {
    const names = await readdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") {
        this.#log(`The saved runs in ${this.#folder} can't be read: ${error.message}`);
      }
      return [];
    });
    return names
      .filter((name) => namePattern.test(name))
      .sort()
      .reverse();
  }

  async #read(name: string): Promise<Run | undefined> {
    try {
      const text = await readFile(join(this.#folder, name), "utf8");
      const run = fromJsonString(RunSchema, text, { ignoreUnknownFields: true });
      // A copied file does not become a second run with the same id.
      run.summary ??= create(RunSummarySchema);
      run.summary.id = namePattern.exec(name)?.[1] ?? "";
      this.#summaries.set(name, run.summary);
      return run;
    } catch (error) {
      const isNew = !this.#summaries.has(name) || this.#summaries.get(name) !== undefined;
      this.#summaries.set(name, undefined);
      if (isNew) {
        this.#log(`The saved run ${name} can't be read and is skipped: ${reasonOf(error)}`);
      }
      return undefined;
    }
  }
}
