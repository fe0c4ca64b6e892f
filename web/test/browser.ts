import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  type Browser,
  type BrowserContextOptions,
  chromium,
  type Locator,
  type Page,
} from "playwright-core";
import { afterAll, beforeAll, describe } from "vitest";
import { type PageServer, startPageServer } from "./page-server.ts";

const executablePath = "/usr/bin/chromium";
const screenshots = fileURLToPath(new URL("../screenshots/", import.meta.url));

/** Server and browser that the tests of a file share. */
export interface Setup {
  readonly server: PageServer;
  /** Opens the page in a context of its own, at an address such as "#/load". */
  visit(address?: string, options?: BrowserContextOptions): Promise<Visit>;
  /** The same, at another server. */
  visitOther(serverUrl: string, options?: BrowserContextOptions): Promise<Visit>;
}

/**
 * Declares tests of the page. They are skipped without a browser, except in CI, where it is required.
 *
 * @param declare called with a function that returns the setup, from the hooks and tests
 */
export function describePage(name: string, declare: (setup: () => Setup) => void): void {
  const isInstalled = existsSync(executablePath);
  if (!isInstalled && process.env.CI !== undefined) {
    throw new Error(`Expected ${executablePath} in CI, got none; .ci/run installs it`);
  }
  if (!isInstalled) {
    console.warn(`Skipped: there is no ${executablePath} (Debian: apt-get install chromium)`);
  }
  describe.skipIf(!isInstalled)(name, () => {
    let setup: Setup | undefined;
    let close = async () => {};
    beforeAll(async () => {
      const [server, browser] = await Promise.all([startPageServer(), openBrowser()]);
      setup = {
        server,
        visit: (address, options) => visit(browser, server.url, address, options),
        visitOther: (serverUrl, options) => visit(browser, serverUrl, "", options),
      };
      close = async () => {
        await browser.close();
        await server.close();
      };
    });
    afterAll(() => close());
    declare(() => {
      if (setup === undefined) {
        throw new Error("Expected the setup to be used in hooks and tests only");
      }
      return setup;
    });
  });
}

/** Debian's Chromium, as root and headless. */
function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
}

export interface Visit {
  readonly page: Page;
  /** Errors of the page's script and of the browser, including violations of the security policy. */
  readonly errors: readonly string[];
}

async function visit(
  browser: Browser,
  serverUrl: string,
  address = "",
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1_000, height: 800 }, ...options });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", ({ message }) => errors.push(message));
  page.on("console", (line) => {
    if (line.type() === "error") {
      errors.push(line.text());
    }
  });
  await page.goto(`${serverUrl}/${address}`);
  await page.getByRole("navigation", { name: "Views" }).waitFor();
  return { page, errors };
}

/** Saves a screenshot of the page, for reviews and failures. */
export async function shoot(page: Page, name: string): Promise<void> {
  mkdirSync(screenshots, { recursive: true });
  await page.screenshot({ path: `${screenshots}${name}.png`, fullPage: true });
}

/** Starts the race of the form and waits until the server has saved it. */
export async function race(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await raceEnds(page);
}

export async function raceEnds(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Link to this run" }).waitFor({ timeout: 50_000 });
}

/** Address of the run that the page shows. */
export async function addressOfRun(page: Page): Promise<string> {
  const link = page.getByRole("link", { name: "Link to this run" });
  return (await link.getAttribute("href", { timeout: 50_000 })) ?? "";
}

/** Number of colours of each canvas; 1 when nothing is drawn. */
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

/** Opens the table behind a chart. Returns the table's region. */
export async function openTable(page: Page, caption: string): Promise<Locator> {
  const region = page.getByRole("region", { name: caption, exact: true });
  if ((await region.count()) === 0) {
    await page.getByText(`Table: ${caption}`, { exact: true }).click();
  }
  await region.waitFor();
  return region;
}
