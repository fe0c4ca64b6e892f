import { type ClientHttp2Session, connect } from "node:http2";

export interface HealthWatch {
  /** What came over the connection, in order: "SERVING", "NOT_SERVING", "GOAWAY". */
  readonly seen: readonly string[];
  readonly session: ClientHttp2Session;
}

/** Watches the health of a server over a connection of its own, down to the order of frames. */
export function watchHealth(url: string): HealthWatch {
  const seen: string[] = [];
  const session = connect(url);
  session.on("error", (error) => seen.push(error.message));
  session.on("goaway", () => seen.push("GOAWAY"));
  const stream = session.request({
    ":method": "POST",
    ":path": "/grpc.health.v1.Health/Watch",
    "content-type": "application/grpc",
    te: "trailers",
  });
  stream.on("error", (error) => seen.push(error.message));
  // An answer is its prefix, the field's tag and the status.
  stream.on("data", (message: Buffer) => {
    for (let at = 6; at < message.length; at += 7) {
      seen.push(["UNKNOWN", "SERVING", "NOT_SERVING"][message[at] ?? 0] ?? "no status");
    }
  });
  // A message without fields: the health of the whole server.
  stream.end(Buffer.alloc(5));
  return { seen, session };
}
