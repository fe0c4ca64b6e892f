import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import type { Page, Request } from "playwright-core";
import { expect, test } from "vitest";
import { describePage, race } from "./browser.ts";

const maxScriptBytes = 120_000;

describePage("the page's budgets", (setup) => {
  test("all scripts together are small", () => {
    const assets = new URL("../dist/assets/", import.meta.url);
    const scripts = readdirSync(assets).filter((name) => name.endsWith(".js"));
    const sizes = scripts.map((name) => gzipSync(readFileSync(new URL(name, assets))).length);
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(maxScriptBytes);
  });

  test("two streams are open at most", async () => {
    const { page } = await setup().visit();
    const streams = countStreams(page);
    await page.getByText("The server now").click();
    await page.getByText("calls in progress").waitFor();
    await race(page);
    await page.getByRole("link", { name: "Load", exact: true }).click();
    await page.getByLabel("Seconds").fill("1");
    await page.getByRole("button", { name: "Start", exact: true }).click();
    await page.getByRole("link", { name: "Open the report" }).waitFor({ timeout: 30_000 });
    expect(streams.max()).toBe(2);
  });
});

function countStreams(page: Page) {
  let open = 0;
  let max = 0;
  const isStream = (request: Request) => /\/(WatchVitals|Race|Load)$/.test(request.url());
  page.on("request", (request) => {
    if (isStream(request)) {
      open++;
      max = Math.max(max, open);
    }
  });
  const ended = (request: Request) => {
    if (isStream(request)) {
      open--;
    }
  };
  page.on("requestfinished", ended);
  page.on("requestfailed", ended);
  return { max: () => max };
}
