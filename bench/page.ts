import { existsSync } from "node:fs";
import { startServer } from "@unblock/loadtest/processes";
import { type CDPSession, chromium, type Page } from "playwright-core";
import {
  atLeast,
  atMost,
  type Bench,
  type Finding,
  plainRow,
  repeat,
  spreadOf,
  unit,
} from "./harness/bench.ts";
import type { BenchCommand } from "./harness/command.ts";

export const pageBench: BenchCommand = {
  name: "page",
  description: "Measures the page in Chromium, against its budgets.",
  title: "unblock's page",
  parts: {
    paint: {
      about: "first contentful paint with an empty cache (seconds)",
      measure: (bench) => withPage(bench, measurePaint),
    },
    frames: {
      about: "a race of 1,000 calls, streamed and replayed (half a minute)",
      measure: (bench) => withPage(bench, measureFrames),
    },
    heap: {
      about: "growth of the heap during a minute of races and vitals",
      measure: (bench) => withPage(bench, measureHeap),
    },
  },
};

const executablePath = "/usr/bin/chromium";
const wantedPaintMs = 500;
/** Tasks of 50 ms and more are what browsers call long. */
const wantedTaskMs = 100;
const wantedFramesPerSecond = 30;
const watchedMs = 60_000;
const wantedGrowthMb = 20;

interface Setup {
  readonly bench: Bench;
  /** Opens the page in a context of its own. */
  readonly open: () => Promise<Page>;
}

async function withPage(
  bench: Bench,
  measure: (setup: Setup) => Promise<Finding>,
): Promise<Finding> {
  if (!existsSync(executablePath)) {
    throw new Error(`Expected ${executablePath}, found none (Debian: apt-get install chromium)`);
  }
  await using stack = new AsyncDisposableStack();
  const server = stack.adopt(await startServer(), (started) => started.close());
  const args = ["--no-sandbox", "--disable-gpu"];
  const browser = stack.use(await chromium.launch({ executablePath, args }));
  const open = async () => {
    const context = await browser.newContext({ viewport: { width: 1_000, height: 800 } });
    const page = await context.newPage();
    await page.goto(new URL(server.url).origin);
    await page.getByRole("navigation", { name: "Views" }).waitFor();
    return page;
  };
  return await measure({ bench, open });
}

async function measurePaint({ bench, open }: Setup): Promise<Finding> {
  const visit = async () => {
    const page = await open();
    const paintMs = await page.evaluate(
      () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Infinity,
    );
    await page.context().close();
    return paintMs;
  };
  await bench.step("warming up server and browser");
  await visit();
  const paint = spreadOf(await repeat(bench, visit));
  return {
    figures: { first_contentful_paint_ms: paint, wanted_ms: wantedPaintMs },
    rows: [atMost("first contentful paint", paint.median, wantedPaintMs, unit("ms", 0))],
  };
}

interface Frames {
  readonly framesPerSecond: number;
  /** 0 when no task took 50 ms or more. */
  readonly maxTaskMs: number;
}

async function measureFrames({ bench, open }: Setup): Promise<Finding> {
  const page = await open();
  await page.getByLabel("Exercise").selectOption("E");
  await page.getByRole("checkbox", { name: "blocking-pool" }).check();
  // A blocked loop, during which nothing is drawn, would only improve the figures.
  await page.getByRole("checkbox", { name: "event-loop" }).uncheck();
  await page.getByLabel("Calls at once").fill("1000");
  const streamed = await repeat(bench, async () => {
    const frames = await watchFrames(page);
    // Polling the page's content would add tasks to the page.
    const ended = page.waitForEvent("requestfinished", {
      predicate: (request) => request.url().endsWith("/Race"),
      timeout: 50_000,
    });
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await ended;
    return frames();
  });
  const frames = await watchFrames(page);
  await page.getByRole("button", { name: "Replay, all at once" }).click();
  // Longer than the replay takes.
  await page.waitForTimeout(3_000);
  const replayed = await frames();
  const taskMs = spreadOf(streamed.map(({ maxTaskMs }) => maxTaskMs));
  const rate = spreadOf(streamed.map(({ framesPerSecond }) => framesPerSecond));
  const perSecond = unit("/s", 0);
  return {
    figures: {
      max_task_ms: taskMs,
      wanted_task_ms: wantedTaskMs,
      frames_per_second: rate,
      replayed_frames_per_second: replayed.framesPerSecond,
      wanted_frames_per_second: wantedFramesPerSecond,
    },
    rows: [
      atMost("1,000 calls: longest task", taskMs.median, wantedTaskMs, unit("ms", 0)),
      atLeast("frames while streamed", rate.median, wantedFramesPerSecond, perSecond),
      atLeast("frames while replayed", replayed.framesPerSecond, wantedFramesPerSecond, perSecond),
    ],
  };
}

/** Script of the browser: counts frames and long tasks until `stopWatching()` is called. */
const watchScript = `{
  const frames = [];
  let maxTaskMs = 0;
  const tasks = new PerformanceObserver((list) => {
    maxTaskMs = Math.max(maxTaskMs, ...list.getEntries().map(({ duration }) => duration));
  });
  tasks.observe({ type: "longtask" });
  const next = (atMs) => {
    frames.push(atMs);
    frame = requestAnimationFrame(next);
  };
  let frame = requestAnimationFrame(next);
  globalThis.stopWatching = () => {
    cancelAnimationFrame(frame);
    tasks.disconnect();
    const durationMs = frames.at(-1) - frames[0];
    return { framesPerSecond: (1_000 * (frames.length - 1)) / durationMs, maxTaskMs };
  };
}`;

async function watchFrames(page: Page): Promise<() => Promise<Frames>> {
  await page.evaluate(watchScript);
  return () => page.evaluate<Frames>("stopWatching()");
}

async function measureHeap({ bench, open }: Setup): Promise<Finding> {
  await bench.step(`races for ${watchedMs / 1_000} s`);
  const page = await open();
  const session = await page.context().newCDPSession(page);
  await page.getByText("The server now").click();
  await page.getByText("calls in progress").waitFor();
  const beforeBytes = await heapBytes(session);
  const untilMs = performance.now() + watchedMs;
  let races = 0;
  for (; performance.now() < untilMs; races++) {
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByText("Running with").waitFor({ timeout: 30_000 });
    await page.getByText("Ended.").waitFor({ timeout: 30_000 });
  }
  const growthMb = ((await heapBytes(session)) - beforeBytes) / 1e6;
  return {
    figures: { races, growth_mb: growthMb, wanted_growth_mb: wantedGrowthMb },
    rows: [
      atMost("growth of the heap in use", growthMb, wantedGrowthMb, unit("MB", 1)),
      plainRow("races meanwhile", String(races)),
    ],
  };
}

async function heapBytes(session: CDPSession): Promise<number> {
  await session.send("HeapProfiler.collectGarbage");
  return (await session.send("Runtime.getHeapUsage")).usedSize;
}
