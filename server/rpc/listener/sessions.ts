import type { Http2Session, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { goAway } from "./go-away.ts";

/** How often it is looked, in its time, whether a connection is idle. */
const looks = 4;

/**
 * The HTTP/2 connections, of which none stays that begins no calls, or that takes no answers.
 *
 * The time-out that Node has for them is set anew with every frame, which is a twentieth of a call's cost.
 */
export class Sessions {
  readonly #idleMs: number;
  readonly #connections = new Map<Http2Session, Connection>();
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param idleMs for how long one may begin no call, or take nothing of what is to be sent; it is ended a
   *   quarter of that later at most
   */
  constructor(idleMs: number) {
    this.#idleMs = idleMs;
  }

  /** @param socket what the session is on */
  add(session: ServerHttp2Session, socket: Socket): void {
    this.#connections.set(session, {
      socket,
      lastId: 0,
      seenId: 0,
      quietLooks: -1,
      stuckLooks: 0,
      seenBytesWritten: 0,
    });
    session.once("close", () => this.#delete(session));
    // What goes wrong with a session shows in its streams.
    session.on("error", () => {});
    this.#timer ??= setInterval(() => this.#look(), this.#idleMs / looks).unref();
  }

  /** Takes note of a request. */
  began({ session, id }: ServerHttp2Stream): void {
    const connection = session && this.#connections.get(session);
    if (connection !== undefined && id !== undefined) {
      connection.lastId = id;
    }
  }

  /** They take no new calls, and end after those in progress. */
  close(): void {
    for (const [session, { socket }] of this.#connections) {
      goAway(session, socket);
    }
  }

  #delete(session: Http2Session): void {
    this.#connections.delete(session);
    if (this.#connections.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }

  #look(): void {
    for (const [session, connection] of this.#connections) {
      if (connection.lastId !== connection.seenId) {
        connection.seenId = connection.lastId;
        connection.quietLooks = 0;
      } else if (++connection.quietLooks >= looks) {
        end(session, connection.lastId);
      }
      this.#cutWhenStuck(session, connection);
    }
  }

  /** Node would wait for its caller for ever, also when the session is closed. */
  #cutWhenStuck(session: Http2Session, connection: Connection): void {
    const { bytesWritten } = connection.socket;
    const waits = session.destroyed || (session.state.outboundQueueSize ?? 0) > 0;
    const isStuck = waits && bytesWritten === connection.seenBytesWritten;
    connection.stuckLooks = isStuck ? connection.stuckLooks + 1 : 0;
    connection.seenBytesWritten = bytesWritten;
    if (connection.stuckLooks >= looks) {
      connection.socket.destroy();
    }
  }
}

interface Connection {
  readonly socket: Socket;
  /** The id of the last one whose header has come. */
  lastId: number;
  /** What it was when it was looked. */
  seenId: number;
  /** How often in a row there was nothing new. It came between two looks, so the first does not count. */
  quietLooks: number;
  /** How often in a row nothing was sent though there was something to send. */
  stuckLooks: number;
  seenBytesWritten: number;
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
