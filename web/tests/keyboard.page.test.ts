import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasChromium, openBrowser, raceEnds, visit } from "./browser.ts";
import { type PageServer, startPageServer } from "./page-server.ts";

/** More than any view has of what can be reached. */
const mostTabs = 80;

describe.skipIf(!hasChromium())("with the keyboard alone", () => {
  let server: PageServer;
  let browser: Browser;

  beforeAll(async () => {
    [server, browser] = await Promise.all([startPageServer(), openBrowser()]);
  });

  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  /** What has the focus: its name, and whether one sees that it has. */
  const focused = (page: Page) =>
    page.evaluate(() => {
      const one = document.activeElement;
      const label =
        one instanceof HTMLInputElement || one instanceof HTMLSelectElement
          ? one.labels?.[0]?.innerText
          : one?.textContent;
      const outline = one === null ? "" : getComputedStyle(one).outlineStyle;
      return { name: label?.trim() ?? "", visible: outline !== "none" };
    });

  const tabTo = async (page: Page, name: RegExp) => {
    for (let tabs = 0; tabs < mostTabs; tabs++) {
      await page.keyboard.press("Tab");
      if (name.test((await focused(page)).name)) {
        return;
      }
    }
    throw new Error(`Expected to reach ${name} with Tab, and did not`);
  };

  test("all can be reached, and one sees where one is", async () => {
    const { page } = await visit(browser, server.url);
    const reached: string[] = [];
    for (let tabs = 0; tabs < mostTabs; tabs++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate(() => document.activeElement === document.body)) {
        break;
      }
      const { name, visible } = await focused(page);
      expect([name, visible]).toEqual([name, true]);
      reached.push(name);
    }
    for (const name of ["Race", "The eight", "Load", "Runs", "threads", "Run", "The server now"]) {
      expect(reached).toContain(name);
    }
    expect(reached.some((name) => name.startsWith("Theme"))).toBe(true);
  });

  test("a race is set up, run with Enter and read in a table", async () => {
    const { page } = await visit(browser, server.url);
    await tabTo(page, /^Exercise/);
    await page.keyboard.press("h");
    await tabTo(page, /^parallel/);
    await page.keyboard.press("Enter");
    await raceEnds(page);
    expect(await page.locator("table.figures").innerText()).toContain("sequential");
    await tabTo(page, /^Calls with parallel as a table/);
    await page.keyboard.press("Space");
    await page.getByRole("region", { name: "Calls with parallel", exact: true }).waitFor();
  });

  test("an exercise is guessed", async () => {
    const { page } = await visit(browser, server.url, "#/eight");
    await tabTo(page, /^G Fire-and-forget/);
    await page.keyboard.press("Enter");
    await page.getByText("Your guess").waitFor();
    await tabTo(page, /^await/);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByText("✓ Right: you guessed background.").waitFor();
    await raceEnds(page);
  });

  test("another view is read from its heading on", async () => {
    const { page } = await visit(browser, server.url);
    await tabTo(page, /^Runs$/);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Runs" }).waitFor();
    await expect.poll(async () => (await focused(page)).name).toBe("Runs");
  });
});
