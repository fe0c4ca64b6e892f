import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { addressOfRun, coloursOf, describePage, openTable, shoot } from "./browser.ts";

describePage("a load", (setup) => {
  const start = async (page: Page, strategy: string, rate: number, seconds = 3) => {
    await page.getByLabel("Strategy").selectOption(strategy);
    await page.getByLabel("Calls per second").fill(String(rate));
    await page.getByLabel("Seconds").fill(String(seconds));
    await page.getByRole("button", { name: "Start", exact: true }).click();
  };

  test("is shown while it runs, and ends in a report", async () => {
    const { page, errors } = await setup().visit("#/load");
    await start(page, "async", 50);
    await page.getByText("Running.").waitFor();
    const rows = (await openTable(page, "Seconds")).getByRole("row");
    await expect.poll(() => rows.count()).toBeGreaterThan(1);
    expect(await page.getByText("Running.").count()).toBe(1);
    await page.getByRole("link", { name: "Open the report" }).click();
    await page.getByRole("heading", { name: "Compare" }).waitFor();
    const report = await page.locator("main").innerText();
    expect(report).toMatch(/calls\s+150\s/);
    expect(report).toMatch(/failed\s+0\s/);
    expect(report).toContain("✓ ok: 150 calls");
    for (const colours of await coloursOf(page, ".picture canvas")) {
      expect(colours).toBeGreaterThan(2);
    }
    expect(await (await openTable(page, "Percentiles")).innerText()).toContain("99 %");
    await shoot(page, "load");
    expect(errors).toEqual([]);
  });

  test("is compared with another load, at an address of its own", async () => {
    const { page } = await setup().visit("#/load");
    await start(page, "async", 30, 1);
    const first = await addressOfRun(page);
    await start(page, "blocking-pool", 40, 1);
    await page.getByText("Running.").waitFor();
    await addressOfRun(page);
    await page.getByRole("link", { name: "Open the report" }).click();
    await page.getByLabel("With another load").selectOption(first.replace("#/runs/", ""));
    const both = page.getByRole("img", {
      name: /percentile of E blocking-pool, 40.* and E async, 30/,
    });
    await both.waitFor();
    expect(page.url()).toMatch(/#\/runs\/[a-z0-9]+\/[a-z0-9]+$/);
    await page.reload();
    await both.waitFor();
    await shoot(page, "compare");
  });
});
