import { readFileSync } from "node:fs";
import { fromJsonString } from "@bufbuild/protobuf";
import { parse } from "csv-parse/sync";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RunSchema } from "../../gen/unblock/v1/lab_pb.ts";
import {
  coloursOf,
  expectNoComplaints,
  hasChromium,
  openBrowser,
  race,
  raceEnds,
  shoot,
  type Visit,
  visit,
} from "./browser.ts";
import { type PageServer, startPageServer } from "./page-server.ts";

describe.skipIf(!hasChromium())("the race", () => {
  let server: PageServer;
  let browser: Browser;
  let visitor: Visit;
  let page: Page;

  beforeAll(async () => {
    [server, browser] = await Promise.all([startPageServer(), openBrowser()]);
    visitor = await visit(browser, server.url);
    page = visitor.page;
    await race(page);
  });

  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  test("shows every call as a bar, on lanes of where it ran, and the freeze", async () => {
    const bars = page.locator("canvas.bars");
    const labels = await bars.evaluateAll((all) => all.map((one) => one.ariaLabel));
    expect(labels).toEqual([
      expect.stringMatching(/^10 of 10 calls with threads as bars; on thread 1, thread 2/),
      expect.stringMatching(
        /^10 of 10 calls with event-loop .*on event loop; .* stood still for \d+ ms/,
      ),
    ]);
    for (const colours of await coloursOf(page, ".race canvas")) {
      expect(colours).toBeGreaterThan(3);
    }
    await shoot(page, "race");
    expectNoComplaints(visitor);
  });

  test("shows wall time, limit, ratio, band and what happened", async () => {
    const rows = page.getByRole("region", { name: "Figures of the race" }).getByRole("row");
    expect(await rows.nth(1).innerText()).toMatch(/^★ threads\s+\d+\s+50\s+\d+\.\d\d\s+50–150/);
    expect(await rows.nth(2).innerText()).toMatch(
      /^✗ event-loop\s+\d+\s+50\s+\d+\.\d\d\s+50–150 (✗ out|\? inconclusive)/,
    );
    expect(await page.locator(".sentence").innerText()).toMatch(
      /other calls meanwhile wait|Nothing is concluded about/,
    );
  });

  test("has a table behind each chart", async () => {
    await page.getByText("Calls with event-loop as a table").click();
    const table = page.getByRole("region", { name: "Calls with event-loop", exact: true });
    await expect.poll(() => table.getByRole("row").count()).toBe(11);
    expect(await table.getByRole("row").nth(1).innerText()).toMatch(
      /queue .*work .*event-loop, process \d+/,
    );
    for (const name of ["Event loop with event-loop", "Bystander with event-loop"]) {
      await page.getByText(`${name} as a table`).click();
      const numbers = page.getByRole("region", { name, exact: true });
      await expect.poll(() => numbers.getByRole("row").count()).toBeGreaterThan(2);
    }
  });

  test("can be seen again as it happened", async () => {
    const before = await page.locator("canvas.bars").first().screenshot();
    await page.getByRole("button", { name: "Replay, all at once" }).click();
    const during = await page.locator("canvas.bars").first().screenshot();
    expect(during.equals(before)).toBe(false);
    await expect
      .poll(async () => (await page.locator("canvas.bars").first().screenshot()).equals(before))
      .toBe(true);
  });

  test("is restored by its address, with the same figures and pictures", async () => {
    const address = await page
      .getByRole("link", { name: "This run's address" })
      .getAttribute("href");
    const other = await visit(browser, server.url, address ?? "");
    await other.page.locator("canvas.bars").nth(1).waitFor();
    const figures = (shown: Page) => shown.locator("table.figures").innerText();
    expect(await figures(other.page)).toBe(await figures(page));
    const labels = (shown: Page) =>
      shown.locator("canvas.bars").evaluateAll((all) => all.map((one) => one.ariaLabel));
    expect(await labels(other.page)).toEqual(await labels(page));
    await shoot(other.page, "run");
    expectNoComplaints(other);
    await other.page.context().close();
  });

  test("is among the runs, which lead to it", async () => {
    const other = await visit(browser, server.url, "#/runs");
    await other.page.getByRole("link", { name: "Race A: threads, event-loop" }).click();
    await other.page.locator("canvas.bars").nth(1).waitFor();
    expect(other.page.url()).toMatch(/#\/runs\/[a-z0-9]+$/);
    await other.page.context().close();
  });

  test("can be taken away as JSON, CSV and PNG", async () => {
    const saved = async (format: string) => {
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name: format, exact: true }).click(),
      ]);
      expect(download.suggestedFilename()).toMatch(
        new RegExp(`^unblock-[a-z0-9]+\\.${format.toLowerCase()}$`),
      );
      return readFileSync(await download.path());
    };
    const run = fromJsonString(RunSchema, (await saved("JSON")).toString());
    expect(run.summary?.strategies).toEqual(["threads", "event-loop"]);
    const lines: Record<string, string>[] = parse(await saved("CSV"), { columns: true });
    expect(lines).toHaveLength(20);
    expect(lines[19]).toMatchObject({ strategy: "event-loop", place: "event-loop", code: "ok" });
    const png = await saved("PNG");
    expect(png.subarray(1, 4).toString()).toBe("PNG");
    // Wider and taller than any of the charts alone.
    expect(png.readUInt32BE(16)).toBeGreaterThan(900);
    expect(png.readUInt32BE(20)).toBeGreaterThan(500);
  });

  test("can be stopped, and run again", async () => {
    await page.getByLabel("Exercise").selectOption("B");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByText("Running with").waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("Ended.").waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await raceEnds(page);
    expect(await page.locator("table.figures").innerText()).toContain("async");
  });
});
