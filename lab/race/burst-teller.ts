import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  BurstProgressSchema,
  BystanderCallSchema,
  CallSchema,
} from "../../gen/unblock/v1/lab_pb.ts";
import type { BurstWatch } from "../../loadtest/burst.ts";
import type { BystanderCall } from "../../loadtest/bystander.ts";
import type { CallRecord } from "../../loadtest/call-record.ts";
import { round } from "./round.ts";

/** How often it tells what has happened, in ms: more often costs the server that is watched too much. */
const everyMs = 100;

type Progress = MessageInitShape<typeof BurstProgressSchema>;

/** Gathers what happens in a burst, and tells it in pieces. */
export class BurstTeller implements BurstWatch {
  readonly #tellOrigin: (originMs: number) => void;
  readonly #tell: (progress: Progress) => void;
  #calls: MessageInitShape<typeof CallSchema>[] = [];
  #bystander: MessageInitShape<typeof BystanderCallSchema>[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(tellOrigin: (originMs: number) => void, tell: (progress: Progress) => void) {
    this.#tellOrigin = tellOrigin;
    this.#tell = tell;
  }

  began(originMs: number): void {
    this.#tellOrigin(originMs);
    this.#timer = setInterval(() => this.#flush(), everyMs);
  }

  call(index: number, { ranOn, beganMs, steps, ...call }: CallRecord): void {
    this.#calls.push({
      index,
      sentMs: round(call.sentMs),
      endedMs: round(call.endedMs),
      ...(beganMs === undefined ? {} : { beganMs: round(beganMs) }),
      steps: steps.map(({ name, ms }) => ({ name, ms })),
      place: ranOn?.place ?? "",
      pid: ranOn?.pid ?? "",
      ...(ranOn?.thread === undefined ? {} : { thread: ranOn.thread }),
      code: call.code,
      message: call.message,
    });
  }

  bystander({ intendedMs, latencyMs }: BystanderCall): void {
    this.#bystander.push({ intendedMs: round(intendedMs), latencyMs: round(latencyMs) });
  }

  /** Tells the rest. */
  end(): void {
    clearInterval(this.#timer);
    this.#flush();
  }

  // Also when nothing happened: the server adds what its loop went through.
  #flush(): void {
    this.#tell({ calls: this.#calls, bystander: this.#bystander });
    this.#calls = [];
    this.#bystander = [];
  }
}
