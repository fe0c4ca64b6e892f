import type { Bench, Finding } from "../harness/bench.ts";
import { createEchoTarget } from "./servers.ts";
import { compareThroughput, ghzDriver, ownDriver, ratioRow } from "./throughput.ts";

const kinds = ["unblock", "adapter", "grpc-js", "connect-node", "node:http2"] as const;
/** What calls per second shall be, in the peer's. */
const wanted = [
  { ours: "adapter", theirs: "grpc-js", ratio: 1.2 },
  { ours: "adapter", theirs: "connect-node", ratio: 4 },
  { ours: "unblock", theirs: "grpc-js", ratio: 1 },
  { ours: "adapter", theirs: "node:http2", ratio: undefined },
] as const;

/** A unary echo over gRPC. */
export async function measureGrpc(bench: Bench): Promise<Finding[]> {
  using target = createEchoTarget();
  const drivers = [ownDriver(), ghzDriver];
  const of = await compareThroughput(bench, target, "grpc", kinds, drivers);
  return drivers.map((driver) => ({
    part: "grpc",
    figures: {
      client: driver.name,
      servers: Object.fromEntries(kinds.map((kind) => [kind, of(driver, kind)])),
    },
    rows: wanted.map(({ ours, theirs, ratio }) =>
      ratioRow([ours, of(driver, ours)], [theirs, of(driver, theirs)], driver.name, ratio),
    ),
  }));
}
