import type { Call } from "../../../gen/unblock/v1/lab_pb.ts";
import { workStart } from "../../../lab/call-pieces.ts";

/** Where some of a burst's calls ran, and these calls in the order in which their work began. */
export interface Lane {
  /** Such as "event loop", "thread 3" or "worker 1". */
  readonly name: string;
  readonly calls: readonly Call[];
}

type Seat = Pick<Call, "place" | "pid" | "thread">;

/** The places in the order of the lanes, from where everyone waits to where nobody does. */
const places = ["event-loop", "libuv", "threads", "workers", "processes", "queue", "background"];

/**
 * One lane for each thread, process or pool without numbers. The numbers are the page's own, from 1
 * in each place: a thread's own number says nothing to people.
 */
export function lanesOf(calls: readonly Call[]): Lane[] {
  const bySeat = [...Map.groupBy(calls, seatKey).values()]
    .map((ran) => ({ seat: ran[0], calls: inOrder(ran) }))
    .filter((one): one is typeof one & { seat: Seat } => one.seat !== undefined)
    .sort((a, b) => compareSeats(a.seat, b.seat));
  const numbers = new Map<string, number>();
  return bySeat.map(({ seat, calls: ran }) => {
    const number = (numbers.get(seat.place) ?? 0) + 1;
    numbers.set(seat.place, number);
    return { name: laneName(seat, number), calls: ran };
  });
}

/** When work began is computed once a call, since this is done while a thousand of them come. */
function inOrder(calls: readonly Call[]): Call[] {
  return calls
    .map((call) => ({ call, startMs: workStart(call) }))
    .sort((a, b) => a.startMs - b.startMs)
    .map(({ call }) => call);
}

function laneName({ place }: Seat, number: number): string {
  switch (place) {
    case "event-loop":
      return number === 1 ? "event loop" : `event loop ${number}`;
    case "libuv":
      return "libuv";
    case "threads":
      return `thread ${number}`;
    case "workers":
      return `worker ${number}`;
    case "processes":
      return `process ${number}`;
    case "queue":
      return `queue ${number}`;
    case "background":
      return "after reply";
    case "":
      return "not told";
    default:
      return place;
  }
}

function seatKey({ place, pid, thread }: Seat): string {
  return `${place};${pid};${thread ?? ""}`;
}

function compareSeats(a: Seat, b: Seat): number {
  return (
    rank(a.place) - rank(b.place) ||
    Number(a.pid) - Number(b.pid) ||
    Number(a.thread ?? 0) - Number(b.thread ?? 0)
  );
}

/** Places that are not known, and calls that did not say where they ran, come last. */
function rank(place: string): number {
  const index = places.indexOf(place);
  return index === -1 ? places.length : index;
}
