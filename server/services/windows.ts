import type { Executors } from "@unblock/executors";
import { type ExecutorVitals, sharedSlot, windowSlots } from "@unblock/executors/executor";
import type {
  EventLoopReading,
  EventLoopVitals,
  EventLoopWindow,
} from "@unblock/measure/event-loop";

/** A period over which one reader gets the process's vitals. No other reader can restart it. */
export class VitalsWindow {
  readonly slot: number;
  readonly #eventLoop: EventLoopWindow;
  readonly #executors: Executors;

  constructor(slot: number, eventLoop: EventLoopWindow, executors: Executors) {
    this.slot = slot;
    this.#eventLoop = eventLoop;
    this.#executors = executors;
  }

  read(): { readonly eventLoop: EventLoopReading; readonly executors: ExecutorVitals[] } {
    return {
      eventLoop: this.#eventLoop.read(),
      executors: Object.values(this.#executors).map((executor) => executor.vitals(this.slot)),
    };
  }

  restart(): void {
    this.#eventLoop.restart();
    for (const executor of Object.values(this.#executors)) {
      executor.restartWindow(this.slot);
    }
  }

  close(): void {
    this.#eventLoop.close();
  }
}

export class VitalsWindows {
  /** Starts with the server and is never restarted. */
  readonly shared: VitalsWindow;
  readonly #eventLoop: EventLoopVitals;
  readonly #executors: Executors;
  readonly #freeSlots = Array.from({ length: windowSlots }, (_, slot) => slot).filter(
    (slot) => slot !== sharedSlot,
  );

  constructor(eventLoop: EventLoopVitals, executors: Executors) {
    this.#eventLoop = eventLoop;
    this.#executors = executors;
    this.shared = new VitalsWindow(sharedSlot, eventLoop.openWindow(), executors);
  }

  /** @throws Error when all slots are taken; callers have fewer windows than there are slots */
  open(): VitalsWindow {
    const slot = this.#freeSlots.pop();
    if (slot === undefined) {
      throw new Error(`Expected a free slot for a window, got ${windowSlots} that are taken`);
    }
    const window = new VitalsWindow(slot, this.#eventLoop.openWindow(), this.#executors);
    window.restart();
    return window;
  }

  close(window: VitalsWindow): void {
    window.close();
    this.#freeSlots.push(window.slot);
  }
}
