import { answeredWithin, NoAnswer } from "../../give-up.ts";
import type { BackendsReading } from "../backends.ts";
import type { BackendCounts, CountsReply, CountsRequest } from "./messages.ts";

/** How long whoever asks waits for the backend process, in milliseconds. */
const waitMs = 500;
/** Questions to a process that does not answer; those who ask more hear at once that nothing is known. */
const maxUnanswered = 32;

/** Asks the backend process for its counts, and does without when it does not answer. */
export class CountRequests {
  readonly #send: (request: CountsRequest) => void;
  readonly #unanswered = new Map<number, (counts: BackendCounts | undefined) => void>();
  #lastId = 0;

  constructor(send: (request: CountsRequest) => void) {
    this.#send = send;
  }

  async ask(terms: Omit<CountsRequest, "id">): Promise<BackendsReading> {
    if (this.#unanswered.size >= maxUnanswered) {
      return unknown(`The backend process has not answered ${maxUnanswered} times.`);
    }
    const id = ++this.#lastId;
    const { promise, resolve } = Promise.withResolvers<BackendCounts | undefined>();
    this.#unanswered.set(id, resolve);
    this.#send({ id, ...terms });
    try {
      const counts = await answeredWithin(waitMs, promise);
      return counts === undefined
        ? unknown("The backend process has died and is started again.")
        : { counts, unknown: undefined };
    } catch (error) {
      if (error instanceof NoAnswer) {
        return unknown(`The backend process did not answer within ${waitMs} ms.`);
      }
      throw error;
    }
  }

  onReply({ id, counts }: CountsReply): void {
    this.#unanswered.get(id)?.(counts);
    this.#unanswered.delete(id);
  }

  /** The process has died, and answers nobody any more. */
  onDown(): void {
    for (const id of [...this.#unanswered.keys()]) {
      this.onReply({ id, counts: undefined });
    }
  }
}

function unknown(reason: string): BackendsReading {
  return { counts: [], unknown: reason };
}
