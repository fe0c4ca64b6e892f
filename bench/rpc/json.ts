import { type Bench, type Finding, inFlight } from "../harness/bench.ts";
import { createEchoTarget } from "./servers.ts";
import { compareThroughput, ownDriver, ratioRow, ratiosOf } from "./throughput.ts";

const kinds = ["unblock", "adapter", "fastify", "connect-node 1.1"] as const;
/** How many times the peer's calls it shall answer in the same CPU time. */
const wanted = [
  { ours: "adapter", theirs: "fastify", ratio: 1 },
  { ours: "unblock", theirs: "fastify", ratio: undefined },
  { ours: "adapter", theirs: "connect-node 1.1", ratio: undefined },
] as const;

/** The machine changes more from turn to turn than the adapter differs from fastify. */
const rounds = 3;

/** A unary echo over HTTP/1.1, as JSON by POST. */
export async function measureJson(bench: Bench): Promise<Finding[]> {
  using target = createEchoTarget();
  const driver = ownDriver(inFlight, ["--protocol", "connect", "--codec", "json", "--http", "1.1"]);
  const comparison = await compareThroughput(bench, target, "json", kinds, [driver], rounds);
  return [
    {
      part: "json",
      figures: {
        client: driver.name,
        servers: Object.fromEntries(kinds.map((kind) => [kind, comparison.of(driver, kind)])),
        ratios: ratiosOf(comparison, driver, wanted),
      },
      rows: wanted.map(({ ours, theirs, ratio }) =>
        ratioRow(comparison, driver, [ours, theirs], ratio),
      ),
    },
  ];
}
