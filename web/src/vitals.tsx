import type { ExecutorVitals, WatchVitalsResponse } from "@unblock/proto/gen/vitals";
import { ms, percent } from "@unblock/terminal/numbers";
import type { RefObject } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type UPlot from "uplot";
import {
  axis,
  type ChartOptions,
  curve,
  DataTable,
  fromZero,
  inUnit,
  Legend,
  Plot,
  Scroll,
  TableHead,
} from "./charts.tsx";
import { away, noticeTrouble, vitalsClient } from "./connection.ts";
import { TroubleNote } from "./notes.tsx";
import type { Trouble } from "./trouble.ts";

/** Samples that are kept: one per second for two minutes. */
const maxSamples = 120;
/** Pause between the end of a stream that the server ended and the next stream. */
const pauseMs = 1_000;

/** The server's current state. It is watched only while the panel is visible. */
export function VitalsPanel() {
  const panel = useRef<HTMLDetailsElement>(null);
  const [open, setOpen] = useState(false);
  const visible = useVisible(panel);
  return (
    <details class="vitals" ref={panel} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>The server now</summary>
      {open && visible && <Vitals />}
    </details>
  );
}

/** Whether an element is on the screen and the tab in front. */
function useVisible(element: RefObject<HTMLElement | null>): boolean {
  const [inFront, setInFront] = useState(!document.hidden);
  const [onScreen, setOnScreen] = useState(false);
  useEffect(() => {
    const { current } = element;
    if (current === null) {
      return;
    }
    const observer = new IntersectionObserver((entries) => {
      setOnScreen(entries.at(-1)?.isIntersecting ?? false);
    });
    observer.observe(current);
    const follow = () => setInFront(!document.hidden);
    document.addEventListener("visibilitychange", follow);
    return () => {
      observer.disconnect();
      document.removeEventListener("visibilitychange", follow);
    };
  }, [element]);
  return inFront && onScreen;
}

/** Watches the server while the component is shown. Continues when an absent server is back. */
function useVitals() {
  const [samples, setSamples] = useState<readonly WatchVitalsResponse[]>([]);
  const [trouble, setTrouble] = useState<Trouble>();
  const isAway = away.value;
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    const streamOptions = { signal, timeoutMs: 0 };
    const watch = async () => {
      while (!signal.aborted) {
        try {
          for await (const sample of vitalsClient.watchVitals({}, streamOptions)) {
            setTrouble(undefined);
            setSamples((before) => [...before.slice(1 - maxSamples), sample]);
          }
        } catch (error) {
          if (!signal.aborted) {
            setTrouble(noticeTrouble(error, "was watched"));
          }
        }
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    };
    if (!isAway) {
      void watch();
    }
    return () => controller.abort();
  }, [isAway]);
  return { samples, trouble };
}

const options: ChartOptions = {
  scales: {
    x: { time: false, range: [1 - maxSamples, 0] },
    y: { range: fromZero(10, 1.05) },
    percent: { range: [0, 100] },
  },
  axes: [axis({ values: inUnit("s"), size: 26 }), axis({ size: 60, values: inUnit("ms") })],
  series: [
    {},
    curve("max delay", "--delay"),
    curve("utilization", "--utilization", { scale: "percent", dash: [5, 3] }),
  ],
};

/** Event loop and executors, sampled once per second. */
function Vitals() {
  const { samples, trouble } = useVitals();
  const data = useMemo<UPlot.AlignedData>(
    () => [
      samples.map((_, index) => index - samples.length + 1),
      samples.map(({ eventLoop }) => eventLoop?.delayMaxMs ?? null),
      samples.map(({ eventLoop }) => 100 * (eventLoop?.utilization ?? 0)),
    ],
    [samples],
  );
  const last = samples.at(-1);
  const loop = last?.eventLoop;
  return (
    <>
      {/* The next stream sends an entered token by itself. */}
      <TroubleNote trouble={trouble} onToken={() => {}} />
      {last !== undefined && (
        <p>
          Loop: max delay {ms(loop?.delayMaxMs ?? 0)} ms, p99 {ms(loop?.delayP99Ms ?? 0)} ms,
          utilization {percent(loop?.utilization ?? 0)}; {last.callsInProgress} calls in progress.
        </p>
      )}
      <Legend
        entries={[
          ["delay", "max loop delay"],
          ["looped", "loop utilization, up to 100 %"],
        ]}
      />
      <Plot
        label="The event loop's max delay and utilization in the last two minutes"
        heightPx={110}
        options={options}
        data={data}
      />
      <DataTable
        caption="Samples of the loop"
        columns={["at s", "max delay ms", "utilization"]}
        rows={() =>
          samples.map(({ eventLoop }, index) => [
            index - samples.length + 1,
            ms(eventLoop?.delayMaxMs ?? 0),
            percent(eventLoop?.utilization ?? 0),
          ])
        }
      />
      <ExecutorsTable executors={last?.executors ?? []} />
    </>
  );
}

/** Slots, queue and counts of each executor. */
function ExecutorsTable({ executors }: { readonly executors: readonly ExecutorVitals[] }) {
  const columns = [
    "executor",
    "running, of its slots",
    "queued",
    "completed",
    "failed",
    "rejected",
  ];
  return (
    <Scroll label="Executors">
      <table>
        <TableHead columns={columns} />
        <tbody>
          {executors.map(({ name, size, running, queued, completed, failed, rejected }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>
                <meter min={0} max={size} value={running} aria-label={`${name} running`} />{" "}
                {running} of {size}
              </td>
              {[queued, completed, failed, rejected].map((calls, at) => (
                <td key={at}>{calls}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
