import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  coloursOf,
  expectNoComplaints,
  hasChromium,
  openBrowser,
  shoot,
  type Visit,
  visit,
} from "./browser.ts";
import { type PageServer, startPageServer } from "./page-server.ts";

describe.skipIf(!hasChromium())("a load", () => {
  let server: PageServer;
  let browser: Browser;
  let visitor: Visit;
  let page: Page;

  beforeAll(async () => {
    [server, browser] = await Promise.all([startPageServer(), openBrowser()]);
    visitor = await visit(browser, server.url, "#/load");
    page = visitor.page;
  });

  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  const start = async (strategy: string, rate: number) => {
    await page.getByLabel("Strategy").selectOption(strategy);
    await page.getByLabel("Calls a second").fill(String(rate));
    await page.getByLabel("Seconds").fill("3");
    await page.getByRole("button", { name: "Start", exact: true }).click();
  };

  test("is watched while it runs", async () => {
    await start("async", 50);
    await page.getByText("Running.").waitFor();
    await page.getByText("Seconds as a table").click();
    const rows = page.getByRole("region", { name: "Seconds", exact: true }).getByRole("row");
    await expect.poll(() => rows.count(), { timeout: 20_000 }).toBeGreaterThan(1);
    expect(await page.getByText("Running.").count()).toBe(1);
    await page.getByRole("link", { name: "Open the report" }).waitFor({ timeout: 20_000 });
    await shoot(page, "load");
  });

  test("ends in a report: how many, how fast, how they ended", async () => {
    await page.getByRole("link", { name: "Open the report" }).click();
    await page.getByRole("heading", { name: "Compare" }).waitFor();
    const report = await page.locator("main").innerText();
    expect(report).toMatch(/calls\s+150\s/);
    expect(report).toMatch(/failed\s+0\s/);
    expect(report).toContain("✓ ok: 150 calls");
    for (const colours of await coloursOf(page, ".picture canvas")) {
      expect(colours).toBeGreaterThan(2);
    }
    await page.getByText("Percentiles as a table").click();
    const table = page.getByRole("region", { name: "Percentiles", exact: true });
    expect(await table.innerText()).toContain("99 %");
    expectNoComplaints(visitor);
  });

  test("is compared with another on one curve, which has an address", async () => {
    await page.getByRole("link", { name: "Load", exact: true }).click();
    await start("threads", 40);
    await page.getByRole("link", { name: "Open the report" }).waitFor({ timeout: 20_000 });
    await page.getByRole("link", { name: "Open the report" }).click();
    const others = page.getByLabel("With another load");
    await expect.poll(() => others.getByRole("option").count()).toBe(2);
    await others.selectOption({ index: 1 });
    const both = page.getByRole("img", { name: /percentile of E threads, 40.* and E async, 50/ });
    await both.waitFor();
    expect(page.url()).toMatch(/#\/runs\/[a-z0-9]+\/[a-z0-9]+$/);
    await page.reload();
    await both.waitFor();
    await shoot(page, "compare");
  });
});
