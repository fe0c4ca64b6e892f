import type { ExecutorVitals, WatchVitalsResponse } from "@unblock/proto/gen/vitals";
import { ms, percent } from "@unblock/terminal/numbers";
import type { RefObject } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type UPlot from "uplot";
import { axis, type ChartOptions, curve, DataTable, Legend, Plot, still } from "./charts.tsx";
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

interface Watched {
  /** The newest last. */
  readonly samples: readonly WatchVitalsResponse[];
  readonly trouble: Trouble | undefined;
}

/** Watches the server while the component is shown. Continues when an absent server is back. */
function useVitals(): Watched {
  const [samples, setSamples] = useState<readonly WatchVitalsResponse[]>([]);
  const [trouble, setTrouble] = useState<Trouble>();
  const [stream, setStream] = useState(0);
  const isAway = away.value;
  useEffect(() => {
    if (isAway) {
      return;
    }
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const watch = async () => {
      try {
        for await (const sample of vitalsClient.watchVitals({}, { signal: controller.signal })) {
          setTrouble(undefined);
          setSamples((before) => [...before.slice(1 - maxSamples), sample]);
        }
      } catch (error) {
        if (controller.signal.aborted) {
          return;
        }
        setTrouble(noticeTrouble(error, "was watched"));
      }
      timer = setTimeout(() => setStream((number) => number + 1), pauseMs);
    };
    void watch();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [isAway, stream]);
  return { samples, trouble };
}

const options: ChartOptions = {
  ...still,
  scales: {
    x: { time: false, range: [1 - maxSamples, 0] },
    y: { range: (_, __, max) => [0, Math.max(10, max * 1.05)] },
    percent: { range: [0, 100] },
  },
  axes: [
    axis({ values: (_, ticks) => ticks.map((tick) => `${tick} s`), size: 26 }),
    axis({ size: 60, values: (_, ticks) => ticks.map((tick) => `${tick} ms`) }),
  ],
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
          { swatch: "delay", text: "max loop delay" },
          { swatch: "looped", text: "loop utilization, up to 100 %" },
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
  const titles = ["executor", "running, of its slots", "queued", "completed", "failed", "rejected"];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys scroll it where it is too narrow
    <section class="scroll" tabIndex={0} aria-label="Executors">
      <table>
        <thead>
          <tr>
            {titles.map((title) => (
              <th scope="col" key={title}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {executors.map(({ name, size, running, queued, completed, failed, rejected }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>
                <meter min={0} max={size} value={running} aria-label={`${name} running`} />{" "}
                {running} of {size}
              </td>
              <td>{queued}</td>
              <td>{completed}</td>
              <td>{failed}</td>
              <td>{rejected}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
