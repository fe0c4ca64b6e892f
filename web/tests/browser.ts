import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { expect } from "vitest";

const executablePath = "/usr/bin/chromium";
const screenshots = fileURLToPath(new URL("../screenshots/", import.meta.url));

/** Whether there is a browser to test with. In CI there must be. */
export function hasChromium(): boolean {
  const found = existsSync(executablePath);
  if (!found && process.env.CI !== undefined) {
    throw new Error(`Expected ${executablePath} in CI, got none; .ci/run installs it`);
  }
  if (!found) {
    console.warn(`Skipped: there is no ${executablePath} (Debian: apt-get install chromium)`);
  }
  return found;
}

/** Debian's own browser, as root and without a screen. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
}

/** A person's visit, and what the browser complained about meanwhile. */
export interface Visit {
  readonly page: Page;
  /** Errors of the page's script and of the browser, violations of the security policy too. */
  readonly complaints: readonly string[];
}

/** @param address such as "#/load" */
export async function visit(
  browser: Browser,
  serverUrl: string,
  address = "",
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1_000, height: 800 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", ({ message }) => complaints.push(message));
  page.on("console", (line) => {
    if (line.type() === "error") {
      complaints.push(line.text());
    }
  });
  await page.goto(`${serverUrl}/${address}`);
  await page.getByRole("navigation", { name: "Views" }).waitFor();
  return { page, complaints };
}

/** Keeps a picture of the page for whoever looks at a failure, or at what is new. */
export async function shoot(page: Page, name: string): Promise<void> {
  mkdirSync(screenshots, { recursive: true });
  await page.screenshot({ path: `${screenshots}${name}.png`, fullPage: true });
}

/** Starts the race that the form says, and waits until it is kept. */
export async function race(page: Page, name = "Run"): Promise<void> {
  await page.getByRole("button", { name, exact: true }).click();
  await raceEnds(page);
}

export async function raceEnds(page: Page): Promise<void> {
  await page.getByRole("link", { name: "This run's address" }).waitFor({ timeout: 50_000 });
}

/** How many colours a canvas shows: a few when something is drawn on it, one when nothing is. */
export async function coloursOf(page: Page, selector: string): Promise<number[]> {
  return page.locator(selector).evaluateAll((canvases) =>
    canvases.map((canvas) => {
      if (!(canvas instanceof HTMLCanvasElement)) {
        return 0;
      }
      const { width, height } = canvas;
      const pixels = canvas.getContext("2d")?.getImageData(0, 0, width, height).data ?? [];
      const colours = new Set<number>();
      for (let at = 0; at + 2 < pixels.length; at += 4) {
        colours.add(
          ((pixels[at] ?? 0) << 16) | ((pixels[at + 1] ?? 0) << 8) | (pixels[at + 2] ?? 0),
        );
      }
      return colours.size;
    }),
  );
}

/** Nothing was blocked, missing or thrown. */
export function expectNoComplaints({ complaints }: Visit): void {
  expect(complaints).toEqual([]);
}
