import type { Http2Session, ServerHttp2Session, ServerHttp2Stream } from "node:http2";

/** How often it is looked, in its time, whether a connection is idle. */
const looks = 4;

/**
 * The HTTP/2 connections, of which none stays that begins no calls.
 *
 * The time-out that Node has for them is set anew with every frame, which is a twentieth of a call's cost.
 */
export class Sessions {
  readonly #idleMs: number;
  readonly #requests = new Map<Http2Session, Requests>();
  #timer: NodeJS.Timeout | undefined;

  /** @param idleMs for how long one may begin no call; it is closed a quarter of that later at most */
  constructor(idleMs: number) {
    this.#idleMs = idleMs;
  }

  add(session: ServerHttp2Session): void {
    this.#requests.set(session, { lastId: 0, seenId: 0, quietLooks: -1 });
    session.once("close", () => this.#delete(session));
    // What goes wrong with a session shows in its streams.
    session.on("error", () => {});
    this.#timer ??= setInterval(() => this.#look(), this.#idleMs / looks).unref();
  }

  /** Takes note of a request. */
  began({ session, id }: ServerHttp2Stream): void {
    const requests = session && this.#requests.get(session);
    if (requests !== undefined && id !== undefined) {
      requests.lastId = id;
    }
  }

  /** They take no new calls, and end after those in progress. */
  close(): void {
    for (const session of this.#requests.keys()) {
      session.close();
    }
  }

  #delete(session: Http2Session): void {
    this.#requests.delete(session);
    if (this.#requests.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }

  #look(): void {
    for (const [session, requests] of this.#requests) {
      if (requests.lastId !== requests.seenId) {
        requests.seenId = requests.lastId;
        requests.quietLooks = 0;
      } else if (++requests.quietLooks >= looks) {
        end(session, requests.lastId);
      }
    }
  }
}

interface Requests {
  /** The id of the last one whose header has come. */
  lastId: number;
  /** What it was when it was looked. */
  seenId: number;
  /** How often in a row there was nothing new. It came between two looks, so the first does not count. */
  quietLooks: number;
}

function end(session: Http2Session, lastId: number): void {
  const { lastProcStreamID: lastBegun = 0 } = session.state;
  if (lastBegun === lastId) {
    session.close();
  } else {
    // It waits for the other half of a header, and would wait on when it is closed.
    session.destroy();
  }
}
