import { type Bench, connections, type Finding } from "../harness/bench.ts";
import { createEchoTarget } from "./servers.ts";
import { compareThroughput, ghzDriver, ownDriver, ratioRow, ratiosOf } from "./throughput.ts";

const kinds = ["unblock", "adapter", "grpc-js", "connect-node", "node:http2", "frames"] as const;
/** How many times the peer's calls it shall answer in the same CPU time. */
const wanted = [
  { ours: "adapter", theirs: "grpc-js", ratio: 1.2 },
  { ours: "adapter", theirs: "connect-node", ratio: 4 },
  { ours: "unblock", theirs: "grpc-js", ratio: 1 },
  { ours: "adapter", theirs: "node:http2", ratio: undefined },
  { ours: "frames", theirs: "node:http2", ratio: 2.5 },
] as const;

/** A unary echo over gRPC. */
export async function measureGrpc(bench: Bench): Promise<Finding[]> {
  using target = createEchoTarget();
  const drivers = [ownDriver(connections), ghzDriver];
  const comparison = await compareThroughput(bench, target, "grpc", kinds, drivers);
  return drivers.map((driver) => ({
    part: "grpc",
    figures: {
      client: driver.name,
      servers: Object.fromEntries(kinds.map((kind) => [kind, comparison.of(driver, kind)])),
      ratios: ratiosOf(comparison, driver, wanted),
    },
    rows: wanted.map(({ ours, theirs, ratio }) =>
      ratioRow(comparison, driver, [ours, theirs], ratio),
    ),
  }));
}
