import type { Places } from "../places/index.ts";
import { type PlaceVitals, sharedSlot, windowSlots } from "../places/place.ts";
import type { EventLoopReading, EventLoopVitals, EventLoopWindow } from "./event-loop.ts";

/** A period over which one reader gets the process's vitals. No other reader can restart it. */
export class VitalsWindow {
  readonly slot: number;
  readonly #eventLoop: EventLoopWindow;
  readonly #places: Places;

  constructor(slot: number, eventLoop: EventLoopWindow, places: Places) {
    this.slot = slot;
    this.#eventLoop = eventLoop;
    this.#places = places;
  }

  read(): { readonly eventLoop: EventLoopReading; readonly places: PlaceVitals[] } {
    return {
      eventLoop: this.#eventLoop.read(),
      places: Object.values(this.#places).map((place) => place.vitals(this.slot)),
    };
  }

  restart(): void {
    this.#eventLoop.restart();
    for (const place of Object.values(this.#places)) {
      place.restartWindow(this.slot);
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
  readonly #places: Places;
  readonly #freeSlots = Array.from({ length: windowSlots }, (_, slot) => slot).filter(
    (slot) => slot !== sharedSlot,
  );

  constructor(eventLoop: EventLoopVitals, places: Places) {
    this.#eventLoop = eventLoop;
    this.#places = places;
    this.shared = new VitalsWindow(sharedSlot, eventLoop.openWindow(), places);
  }

  /** @throws Error when all slots are taken; callers have fewer windows than there are slots */
  open(): VitalsWindow {
    const slot = this.#freeSlots.pop();
    if (slot === undefined) {
      throw new Error(`Expected a free slot for a window, got ${windowSlots} that are taken`);
    }
    const window = new VitalsWindow(slot, this.#eventLoop.openWindow(), this.#places);
    window.restart();
    return window;
  }

  close(window: VitalsWindow): void {
    window.close();
    this.#freeSlots.push(window.slot);
  }
}
