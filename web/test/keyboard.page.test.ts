import { changeProgress, noProgress } from "@unblock/progress/progress";
import type { Page } from "playwright-core";
import { beforeEach, expect, test } from "vitest";
import { describePage, raceEnds } from "./browser.ts";

/** More than any view has focusable elements. */
const maxTabs = 80;

describePage("with the keyboard alone", (setup) => {
  beforeEach(async () => {
    await changeProgress(setup().server.progressFile, () => noProgress);
  });

  /** Name of the focused element, and whether it has a visible outline. */
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
    for (let tabs = 0; tabs < maxTabs; tabs++) {
      await page.keyboard.press("Tab");
      if (name.test((await focused(page)).name)) {
        return;
      }
    }
    throw new Error(`Expected Tab to reach ${name}`);
  };

  test("Tab reaches everything, with a visible focus", async () => {
    const { page } = await setup().visit();
    const reached: string[] = [];
    for (let tabs = 0; tabs < maxTabs; tabs++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate(() => document.activeElement === document.body)) {
        break;
      }
      const { name, visible } = await focused(page);
      expect([name, visible]).toEqual([name, true]);
      reached.push(name);
    }
    for (const name of [
      "Race",
      "The eight",
      "Load",
      "Runs",
      "blocking-pool",
      "Run",
      "The server now",
    ]) {
      expect(reached).toContain(name);
    }
    expect(reached.some((name) => name.startsWith("Theme"))).toBe(true);
  });

  test("a race is set up, started with Enter and read in a table", async () => {
    const { page } = await setup().visit();
    await tabTo(page, /^Exercise/);
    await page.keyboard.press("h");
    await tabTo(page, /^parallel/);
    await page.keyboard.press("Enter");
    await raceEnds(page);
    expect(await page.locator("table.figures").innerText()).toContain("sequential");
    await tabTo(page, /^Table: Calls with parallel/);
    await page.keyboard.press("Space");
    const table = page.getByRole("region", { name: "Calls with parallel", exact: true });
    await table.waitFor();
    expect(await table.getByRole("row").count()).toBe(2);
  });

  test("an exercise is guessed", async () => {
    const { page } = await setup().visit("#/eight");
    await tabTo(page, /^G Fire-and-forget/);
    await page.keyboard.press("Enter");
    await page.getByText("Your guess").waitFor();
    await tabTo(page, /^await/);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByText("✓ Right: you guessed background.").waitFor();
    await raceEnds(page);
    expect(await page.locator("table.figures").innerText()).toContain("background");
  });

  test("another view gets the focus on its heading", async () => {
    const { page } = await setup().visit();
    await tabTo(page, /^Runs$/);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Runs" }).waitFor();
    await expect.poll(async () => (await focused(page)).name).toBe("Runs");
  });
});
