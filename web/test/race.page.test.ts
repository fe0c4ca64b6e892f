import { readFileSync } from "node:fs";
import { fromJsonString } from "@bufbuild/protobuf";
import { RunSchema } from "@unblock/proto/gen/lab";
import { parse } from "csv-parse/sync";
import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import {
  addressOfRun,
  coloursOf,
  describePage,
  openTable,
  race,
  raceEnds,
  shoot,
  type Visit,
} from "./browser.ts";

describePage("the race", (setup) => {
  let visitor: Visit;
  let page: Page;

  beforeAll(async () => {
    visitor = await setup().visit();
    page = visitor.page;
    await race(page);
  });

  test("shows every call as a bar, in the lane of where it ran, and the freeze", async () => {
    const bars = page.locator("canvas.bars");
    const labels = await bars.evaluateAll((all) => all.map((one) => one.ariaLabel));
    expect(labels).toEqual([
      expect.stringMatching(/^10 of 10 calls with blocking-pool as bars; on thread 1, thread 2/),
      expect.stringMatching(
        /^10 of 10 calls with event-loop .*on event loop; .* was blocked for \d+ ms/,
      ),
    ]);
    for (const colours of await coloursOf(page, ".race canvas")) {
      expect(colours).toBeGreaterThan(3);
    }
    await shoot(page, "race");
    expect(visitor.errors).toEqual([]);
  });

  test("shows wall time, ideal, ratio, expected range and a summary", async () => {
    const rows = page.getByRole("region", { name: "Figures of the race" }).getByRole("row");
    expect(await rows.nth(1).innerText()).toMatch(
      /^★ blocking-pool\s+\d+\s+50\s+\d+\.\d\d\s+50–150/,
    );
    // The browser may disturb the measurement, which is then inconclusive.
    expect(await rows.nth(2).innerText()).toMatch(
      /^✗ event-loop\s+\d+\s+50\s+\d+\.\d\d\s+50–150 (✗ out|\? inconclusive)/,
    );
    expect(await page.locator(".summary").innerText()).not.toBe("");
  });

  test("has a table behind each chart", async () => {
    const table = await openTable(page, "Calls with event-loop");
    await expect.poll(() => table.getByRole("row").count()).toBe(11);
    expect(await table.getByRole("row").nth(1).innerText()).toMatch(
      /queue .*work .*event-loop, process \d+/,
    );
    for (const caption of ["Event loop with event-loop", "Probe with event-loop"]) {
      const numbers = await openTable(page, caption);
      await expect.poll(() => numbers.getByRole("row").count()).toBeGreaterThan(2);
    }
  });

  test("is replayed", async () => {
    // A screenshot also has a row of the chart below, if that is in view: bars begin between two pixels.
    const picture = () =>
      page
        .locator("canvas.bars")
        .first()
        .evaluate((bars) => (bars instanceof HTMLCanvasElement ? bars.toDataURL() : ""));
    const before = await picture();
    await page.getByRole("button", { name: "Replay, all at once" }).click();
    expect(await picture()).not.toBe(before);
    await expect.poll(picture).toBe(before);
  });

  test("is restored from its address, with the same figures and pictures", async () => {
    const other = await setup().visit(await addressOfRun(page));
    await other.page.locator("canvas.bars").nth(1).waitFor();
    const figures = (shown: Page) => shown.locator("table.figures").innerText();
    expect(await figures(other.page)).toBe(await figures(page));
    const labels = (shown: Page) =>
      shown.locator("canvas.bars").evaluateAll((all) => all.map((one) => one.ariaLabel));
    expect(await labels(other.page)).toEqual(await labels(page));
    await shoot(other.page, "run");
    expect(other.errors).toEqual([]);
    await other.page.context().close();
  });

  test("is listed among the runs", async () => {
    const other = await setup().visit("#/runs");
    await other.page
      .getByRole("link", { name: "Race A: blocking-pool, event-loop" })
      .first()
      .click();
    await other.page.locator("canvas.bars").nth(1).waitFor();
    expect(other.page.url()).toMatch(/#\/runs\/[a-z0-9]+$/);
    await other.page.context().close();
  });

  test("is downloaded as JSON, CSV and PNG", async () => {
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
    expect(run.summary?.strategies).toEqual(["blocking-pool", "event-loop"]);
    const lines: Record<string, string>[] = parse(await saved("CSV"), { columns: true });
    expect(lines).toHaveLength(20);
    expect(lines[19]).toMatchObject({ strategy: "event-loop", executor: "event-loop", code: "ok" });
    const png = await saved("PNG");
    expect(png.subarray(1, 4).toString()).toBe("PNG");
    // Wider and taller than each of the charts.
    expect(png.readUInt32BE(16)).toBeGreaterThan(900);
    expect(png.readUInt32BE(20)).toBeGreaterThan(500);
  });

  test("is stopped and run again", async () => {
    const { page: another } = await setup().visit();
    await another.getByLabel("Exercise").selectOption("B");
    await another.getByRole("button", { name: "Run", exact: true }).click();
    await another.getByText("Running with").waitFor();
    await another.getByRole("button", { name: "Stop" }).click();
    await another.getByText("Ended.").waitFor();
    expect(await another.getByRole("alert").count()).toBe(0);
    await another.getByRole("button", { name: "Run", exact: true }).click();
    await raceEnds(another);
    expect(await another.locator("table.figures").innerText()).toContain("async");
    await another.context().close();
  });
});
