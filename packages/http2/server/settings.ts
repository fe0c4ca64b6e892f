import { flag, frame, frameType, setting, settingsFrame } from "../client/frames.ts";
import type { ConnectionCore } from "./core.ts";
import { ConnectionError, errorCode, protocolError } from "./errors.ts";
import { maxWindowBytes } from "./frame-writer.ts";
import type { ConnectionLimits } from "./options.ts";

/** Settings that the load client does not know. */
const maxFrameSize = 5;
const maxHeaderListSize = 6;
/** RFC 9218, section 2.1: no priorities of RFC 7540. */
const noRfc7540Priorities = 9;
const minMaxFrameBytes = 16_384;
const maxMaxFrameBytes = 2 ** 24 - 1;
const defaultTableBytes = 4_096;
const settingsAck = frame(frameType.settings, flag.ack, 0, Buffer.alloc(0));

/** SETTINGS frame that a connection begins with. */
export function ownSettings(limits: ConnectionLimits): Buffer {
  return settingsFrame([
    [setting.maxConcurrentStreams, limits.maxConcurrentStreams],
    [setting.initialWindowSize, limits.streamWindowBytes],
    [maxHeaderListSize, limits.maxHeaderBytes],
    [noRfc7540Priorities, 1],
  ]);
}

/**
 * Settings of both sides.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-6.5
 */
export class Settings {
  readonly #core: ConnectionCore;
  #hasArrived = false;
  #isAcknowledged = false;
  #peerTableBytes = defaultTableBytes;

  constructor(core: ConnectionCore) {
    this.#core = core;
  }

  /** Whether the peer has sent its settings. */
  get hasArrived(): boolean {
    return this.#hasArrived;
  }

  /** Whether the peer has acknowledged our settings. */
  get isAcknowledged(): boolean {
    return this.#isAcknowledged;
  }

  /** Handles a SETTINGS frame, and acknowledges it. */
  onFrame(flags: number, bytes: Buffer, start: number, end: number): void {
    if (flags & flag.ack) {
      if (start !== end) {
        throw new ConnectionError(errorCode.frameSizeError, "an acknowledgement with settings");
      }
      this.#isAcknowledged = true;
      return;
    }
    if ((end - start) % 6 !== 0) {
      throw new ConnectionError(errorCode.frameSizeError, "SETTINGS of the wrong length");
    }
    this.#core.meters.expect("settings", "SETTINGS frames");
    this.#hasArrived = true;
    for (let at = start; at < end; at += 6) {
      this.#onSetting(bytes.readUInt16BE(at), bytes.readUInt32BE(at + 2));
    }
    this.#core.ends.sendUnasked(settingsAck);
  }

  #onSetting(id: number, value: number): void {
    switch (id) {
      case setting.headerTableSize:
        if (value < this.#peerTableBytes) {
          this.#core.sender.writer.emptyTable();
        }
        this.#peerTableBytes = value;
        break;
      case setting.enablePush:
      case noRfc7540Priorities:
        if (value > 1) {
          throw protocolError(`the setting ${id} of ${value}`);
        }
        break;
      case setting.initialWindowSize:
        if (value > maxWindowBytes) {
          throw new ConnectionError(errorCode.flowControlError, `a window of ${value} bytes`);
        }
        this.#core.sender.writer.setStreamWindow(value, this.#core.streams.all());
        this.#core.sender.pump();
        break;
      case maxFrameSize:
        if (value < minMaxFrameBytes || value > maxMaxFrameBytes) {
          throw protocolError(`frames of ${value} bytes`);
        }
    }
  }
}
