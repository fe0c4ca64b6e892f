import type { Duplex } from "node:stream";
import { flag, frameHeaderBytes, frameType, headersFrames, maxFrameBytes } from "./frames.ts";

const slabBytes = 64 * 1_024;
/** A slab with less room than this is not used again. */
const minRoomBytes = 4 * 1_024;
/** A body from this size on is handed to the socket as it is, without a copy. */
const minUncopiedBytes = 8 * 1_024;
const maxSpareSlabs = 8;

/** Memory that outboxes fill one after another; what was written once is never written again. */
interface Slab {
  readonly bytes: Buffer;
  used: number;
}

/** Slabs that no outbox holds at present: an idle connection holds none. */
const spareSlabs: Slab[] = [];

function claimSlab(bytes: number): Slab {
  const spare = spareSlabs.pop();
  if (spare !== undefined && spare.bytes.length - spare.used >= bytes) {
    return spare;
  }
  return { bytes: Buffer.allocUnsafeSlow(Math.max(slabBytes, bytes)), used: 0 };
}

function returnSlab(slab: Slab): void {
  if (slab.bytes.length - slab.used >= minRoomBytes && spareSlabs.length < maxSpareSlabs) {
    spareSlabs.push(slab);
  }
}

/** Collects the frames of one turn of the event loop, and hands them to the socket in one write. */
export class Outbox {
  readonly #duplex: Duplex;
  readonly #onFlushed: () => void;
  #slab: Slab | undefined;
  #start = 0;
  #isScheduled = false;
  /** Bytes handed to the corked socket in this turn. */
  #corkedBytes = 0;
  readonly #flushLater = () => this.flush();

  /** @param onFlushed called after each write */
  constructor(duplex: Duplex, onFlushed: () => void = () => {}) {
    this.#duplex = duplex;
    this.#onFlushed = onFlushed;
  }

  /** Bytes that wait for the end of this turn. */
  get pendingBytes(): number {
    return this.#corkedBytes + (this.#slab === undefined ? 0 : this.#slab.used - this.#start);
  }

  /** Copies bytes that are whole frames. */
  append(frames: Uint8Array): void {
    copy(this.#reserve(frames.length), frames);
  }

  /** Frame whose payload is one number. */
  number(type: number, streamId: number, value: number): void {
    const slab = this.#reserve(frameHeaderBytes + 4);
    putHeader(slab, 4, type, 0, streamId);
    slab.used = slab.bytes.writeUInt32BE(value, slab.used);
  }

  /** HEADERS, with CONTINUATION for what one frame cannot hold. */
  headers(streamId: number, block: Uint8Array, endStream: boolean): void {
    if (block.length > maxFrameBytes) {
      this.append(headersFrames(streamId, block, endStream));
      return;
    }
    const flags = flag.endHeaders | (endStream ? flag.endStream : 0);
    const slab = this.#reserve(frameHeaderBytes + block.length);
    putHeader(slab, block.length, frameType.headers, flags, streamId);
    copy(slab, block);
  }

  /** @param payload at most `maxFrameBytes` */
  data(streamId: number, payload: Uint8Array, endStream: boolean): void {
    const flags = endStream ? flag.endStream : 0;
    if (payload.length < minUncopiedBytes) {
      const slab = this.#reserve(frameHeaderBytes + payload.length);
      putHeader(slab, payload.length, frameType.data, flags, streamId);
      copy(slab, payload);
      return;
    }
    putHeader(this.#reserve(frameHeaderBytes), payload.length, frameType.data, flags, streamId);
    this.#writeCorked(payload);
  }

  /**
   * Whole response in one piece: each block and the body fit into one frame.
   *
   * @param prefix start of the body
   */
  response(
    streamId: number,
    header: Uint8Array,
    prefix: Uint8Array,
    body: Uint8Array,
    trailer: Uint8Array,
  ): void {
    const bodyBytes = prefix.length + body.length;
    const slab = this.#reserve(3 * frameHeaderBytes + header.length + bodyBytes + trailer.length);
    putHeader(slab, header.length, frameType.headers, flag.endHeaders, streamId);
    copy(slab, header);
    putHeader(slab, bodyBytes, frameType.data, 0, streamId);
    copy(slab, prefix);
    copy(slab, body);
    const endFlags = flag.endHeaders | flag.endStream;
    putHeader(slab, trailer.length, frameType.headers, endFlags, streamId);
    copy(slab, trailer);
  }

  flush(): void {
    this.#isScheduled = false;
    const slab = this.#slab;
    this.#slab = undefined;
    if (this.#duplex.destroyed || this.#duplex.writableEnded) {
      this.#corkedBytes = 0;
      return;
    }
    if (slab !== undefined) {
      if (slab.used > this.#start) {
        this.#duplex.write(slab.bytes.subarray(this.#start, slab.used));
      }
      returnSlab(slab);
    }
    if (this.#corkedBytes > 0) {
      this.#corkedBytes = 0;
      this.#duplex.uncork();
    }
    this.#onFlushed();
  }

  /** @returns the slab, which has room for so many bytes and is sent when this turn ends */
  #reserve(bytes: number): Slab {
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      // Runs after the promise jobs that this turn of the loop still has.
      process.nextTick(this.#flushLater);
    }
    const slab = this.#slab;
    if (slab !== undefined && slab.bytes.length - slab.used >= bytes) {
      return slab;
    }
    if (slab !== undefined) {
      this.#writeCorked(undefined);
    }
    const next = claimSlab(bytes);
    this.#slab = next;
    this.#start = next.used;
    return next;
  }

  /** Hands what there is so far, and then the payload, to the socket, which holds them back. */
  #writeCorked(payload: Uint8Array | undefined): void {
    if (this.#duplex.destroyed || this.#duplex.writableEnded) {
      this.#slab = undefined;
      return;
    }
    if (this.#corkedBytes === 0) {
      this.#duplex.cork();
    }
    const slab = this.#slab;
    if (slab !== undefined) {
      this.#corkedBytes += slab.used - this.#start;
      this.#duplex.write(slab.bytes.subarray(this.#start, slab.used));
      this.#start = slab.used;
    }
    if (payload === undefined) {
      this.#slab = undefined;
    } else {
      this.#corkedBytes += payload.length;
      this.#duplex.write(payload);
    }
  }
}

function putHeader(
  slab: Slab,
  length: number,
  type: number,
  flags: number,
  streamId: number,
): void {
  const { bytes, used } = slab;
  bytes[used] = length >>> 16;
  bytes[used + 1] = length >>> 8;
  bytes[used + 2] = length;
  bytes[used + 3] = type;
  bytes[used + 4] = flags;
  bytes[used + 5] = streamId >>> 24;
  bytes[used + 6] = streamId >>> 16;
  bytes[used + 7] = streamId >>> 8;
  bytes[used + 8] = streamId;
  slab.used = used + frameHeaderBytes;
}

function copy(slab: Slab, source: Uint8Array): void {
  const { bytes, used } = slab;
  const { length } = source;
  if (length <= 64) {
    // Cheaper than a call into the engine's memory copy.
    for (let at = 0; at < length; at++) {
      bytes[used + at] = source[at] ?? 0;
    }
  } else {
    bytes.set(source, used);
  }
  slab.used = used + length;
}
