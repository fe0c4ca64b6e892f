import type { Http2Session, ServerHttp2Session, ServerHttp2Stream } from "node:http2";

/** The HTTP/2 connections, of which none stays without calls. */
export class Sessions {
  readonly #idleMs: number;
  /** The id of each one's last request whose header has come. */
  readonly #lastIds = new Map<Http2Session, number>();

  constructor(idleMs: number) {
    this.#idleMs = idleMs;
  }

  add(session: ServerHttp2Session): void {
    this.#lastIds.set(session, 0);
    session.once("close", () => this.#lastIds.delete(session));
    // What goes wrong with a session shows in its streams.
    session.on("error", () => {});
    session.setTimeout(this.#idleMs, () => this.#end(session));
  }

  /** Takes note of a request. */
  began({ session, id }: ServerHttp2Stream): void {
    if (session !== undefined && id !== undefined) {
      this.#lastIds.set(session, id);
    }
  }

  /** They take no new calls, and end after those in progress. */
  close(): void {
    for (const session of this.#lastIds.keys()) {
      session.close();
    }
  }

  #end(session: ServerHttp2Session): void {
    const { lastProcStreamID: lastBegun = 0 } = session.state;
    if (lastBegun === this.#lastIds.get(session)) {
      session.close();
    } else {
      // It waits for the other half of a header, and would wait on when it is closed.
      session.destroy();
    }
  }
}
