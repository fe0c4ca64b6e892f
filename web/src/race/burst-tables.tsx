import { workStart } from "../../../lab/call-pieces.ts";
import { DataTable } from "../charts/data-table.tsx";
import { percent } from "../numbers.ts";
import type { Burst } from "./race-model.ts";

/** The numbers of a burst's picture. */
export function BurstTables({ burst }: { readonly burst: Burst }) {
  return (
    <div class="tables">
      <DataTable
        caption={`Calls with ${burst.strategy}`}
        columns={["call", "sent ms", "work began ms", "ended ms", "its time", "ran on", "result"]}
        rows={() => burst.calls.toSorted((a, b) => a.index - b.index).map(callRow)}
      />
      <DataTable
        caption={`Event loop with ${burst.strategy}`}
        columns={["at ms", "delay ms", "utilization"]}
        rows={() =>
          burst.loop.map(({ atMs, delayMs, utilization }) => [
            atMs.toFixed(1),
            delayMs.toFixed(1),
            percent(utilization),
          ])
        }
      />
      <DataTable
        caption={`Bystander with ${burst.strategy}`}
        columns={["meant for ms", "latency ms"]}
        rows={() =>
          burst.bystander.map(({ intendedMs, latencyMs }) => [
            intendedMs.toFixed(1),
            latencyMs.toFixed(1),
          ])
        }
      />
    </div>
  );
}

function callRow(call: Burst["calls"][number]): (string | number)[] {
  const { index, sentMs, endedMs, steps, place, pid, thread, code, message } = call;
  const seat = [place, ...(pid ? [`process ${pid}`] : []), ...(thread ? [`thread ${thread}`] : [])];
  return [
    index + 1,
    sentMs.toFixed(1),
    call.beganMs === undefined ? "–" : workStart(call).toFixed(1),
    endedMs.toFixed(1),
    steps.map(({ name, ms }) => `${name} ${ms.toFixed(1)}`).join(", "),
    seat.filter((part) => part !== "").join(", ") || "–",
    code === "ok" ? "ok" : `${code}: ${message}`,
  ];
}
