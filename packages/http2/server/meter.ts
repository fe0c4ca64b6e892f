import { tooMany } from "../errors.ts";
import type { FrameWriter } from "./frame-writer.ts";
import type { FrameRates, Rate } from "./options.ts";

/** Token bucket that costs nothing until a frame of its kind arrives. */
class Meter {
  readonly #rate: Rate;
  #tokens: number;
  #filledMs = performance.now();
  #framesSent = 0;

  constructor(rate: Rate) {
    this.#rate = rate;
    this.#tokens = rate.burst;
  }

  /**
   * @param framesSent number of response frames so far
   * @returns whether the frame is within the rate
   */
  take(framesSent: number): boolean {
    if (this.#tokens < 1) {
      this.#fill(framesSent);
    }
    this.#tokens--;
    return this.#tokens >= 0;
  }

  #fill(framesSent: number): void {
    const { burst, perSecond, perFrameSent = 0 } = this.#rate;
    const nowMs = performance.now();
    const elapsedMs = nowMs - this.#filledMs;
    const earned = (elapsedMs / 1_000) * perSecond + (framesSent - this.#framesSent) * perFrameSent;
    this.#tokens = Math.min(burst, this.#tokens + earned);
    this.#filledMs = nowMs;
    this.#framesSent = framesSent;
  }
}

/** Meters of one connection. */
export class Meters {
  readonly #writer: FrameWriter;
  readonly #meters: Readonly<Record<keyof FrameRates, Meter>>;

  /** @param writer counts the response frames by which some rates are measured */
  constructor(rates: FrameRates, writer: FrameWriter) {
    this.#writer = writer;
    this.#meters = {
      resetsReceived: new Meter(rates.resetsReceived),
      resetsCaused: new Meter(rates.resetsCaused),
      pings: new Meter(rates.pings),
      settings: new Meter(rates.settings),
      emptyData: new Meter(rates.emptyData),
      windowUpdates: new Meter(rates.windowUpdates),
      ignored: new Meter(rates.ignored),
    };
  }

  /** Counts a frame that the peer sent or caused. @returns whether it is within its rate */
  take(name: keyof FrameRates): boolean {
    return this.#meters[name].take(this.#writer.framesSent);
  }

  /** Counts one. @throws ConnectionError when there were too many */
  expect(name: keyof FrameRates, what: string): void {
    if (!this.take(name)) {
      throw tooMany(what);
    }
  }
}
