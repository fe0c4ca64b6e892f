import { once } from "node:events";
import { connect } from "node:net";
import { protocols } from "@unblock/client/client";
import { Http2Transport } from "@unblock/http2/client";
import type { Post } from "../harness/clients.ts";
import { count, echo, mirror, prepareChecked, repeat, repeated } from "../rpc/calls.ts";

/** Connections at a time. */
const lanes = 8;
const streamsPerConnection = 16;
/** Max calls of a connection; then another takes its place. */
const maxCallsPerConnection = 500;
/** Share of calls that are cancelled, unless they end before. */
const cancelledShare = 0.05;
/** Max time from sending a call to cancelling it. */
const maxCancelMs = 5;
/** Share of connections that are closed while calls are in progress. */
const cutShare = 0.5;
/** Share of connections before which another one is opened that leaves in the middle of its preface. */
const silentShare = 0.1;
const maxProblems = 10;

/** Calls of all kinds in all protocols, of which a soak picks one at random; half of them are unary. */
const mix: readonly Post[] = protocols.flatMap((protocol) => {
  const messages = { bytes: 100, times: 10 };
  const streams = [repeat, count, mirror].map((kind) => kind(protocol, messages));
  // More than the first window of a stream, so that both sides have to wait.
  const large = mirror(protocol, { bytes: 100_000, times: 1 });
  return [...repeated(18, echo(protocol)), ...repeated(6, streams).flat(), large];
});

/** What became of the calls that have ended. */
export interface Tally {
  right: number;
  cancelled: number;
  /** In progress when the client closed their connection. */
  cut: number;
  failed: number;
  /** Reasons of failures, the first ones. */
  readonly problems: string[];
  connections: number;
}

export function emptyTally(): Tally {
  return { right: 0, cancelled: 0, cut: 0, failed: 0, problems: [], connections: 0 };
}

export function callsOf({ right, cancelled, cut, failed }: Tally): number {
  return right + cancelled + cut + failed;
}

/**
 * Makes calls of all kinds at random, on connections that come and go. When `isOver`, waits for the calls in
 * progress and closes all connections.
 */
export async function callAtRandom(url: URL, tally: Tally, isOver: () => boolean): Promise<void> {
  const useConnections = async () => {
    while (!isOver()) {
      if (Math.random() < silentShare) {
        await connectAndLeave(url);
      }
      const transport = new Http2Transport({ url, connections: 1, tls: { insecure: false } });
      await transport.connect();
      tally.connections++;
      await useConnection(transport, tally, isOver);
      transport.close();
    }
  };
  await Promise.all(Array.from({ length: lanes }, useConnections));
}

async function connectAndLeave(url: URL): Promise<void> {
  const socket = connect({ host: url.hostname, port: Number(url.port) });
  await once(socket, "connect");
  socket.write("PRI * HTTP/2.0\r\n");
  socket.destroy();
  await once(socket, "close");
}

/** Makes calls on one connection until it has made its share or `isOver`. */
async function useConnection(
  transport: Http2Transport,
  tally: Tally,
  isOver: () => boolean,
): Promise<void> {
  const senders = mix.map((post) => prepareChecked(transport, post));
  const quota = 1 + Math.floor(Math.random() * maxCallsPerConnection);
  const isCut = Math.random() < cutShare;
  const { promise, resolve } = Promise.withResolvers<void>();
  let sent = 0;
  let inProgress = 0;
  let isClosed = false;

  const end = (outcome: "right" | "cancelled" | "cut" | "failed") => {
    inProgress--;
    tally[outcome]++;
    sendMore();
  };
  const send = () => {
    sent++;
    inProgress++;
    let hasEnded = false;
    const sending = senders[Math.floor(Math.random() * senders.length)]?.((problem) => {
      hasEnded = true;
      if (problem !== undefined && !isClosed && tally.problems.length < maxProblems) {
        tally.problems.push(problem);
      }
      end(problem === undefined ? "right" : isClosed ? "cut" : "failed");
    });
    if (Math.random() < cancelledShare) {
      const cancel = () => {
        if (!hasEnded) {
          sending?.cancel();
          end("cancelled");
        }
      };
      setTimeout(cancel, Math.random() * maxCancelMs);
    }
  };
  const sendMore = () => {
    while (sent < quota && inProgress < streamsPerConnection && !isClosed && !isOver()) {
      send();
    }
    if (sent === quota && isCut && !isClosed) {
      isClosed = true;
      transport.close();
    }
    if (inProgress === 0) {
      resolve();
    }
  };
  sendMore();
  await promise;
}
