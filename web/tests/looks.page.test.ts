import axe, { type AxeResults } from "axe-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasChromium, openBrowser, race, shoot, visit } from "./browser.ts";
import { type PageServer, startPageServer } from "./page-server.ts";

describe.skipIf(!hasChromium())("whoever looks at it, and on whatever", () => {
  let server: PageServer;
  let browser: Browser;
  /** Addresses of every view, each with something to see. */
  let addresses: readonly string[];

  beforeAll(async () => {
    [server, browser] = await Promise.all([startPageServer(), openBrowser()]);
    const { page } = await visit(browser, server.url);
    await race(page);
    const raced = await page.getByRole("link", { name: "This run's address" }).getAttribute("href");
    await page.getByRole("link", { name: "Load", exact: true }).click();
    await page.getByLabel("Seconds").fill("1");
    await page.getByRole("button", { name: "Start", exact: true }).click();
    const report = page.getByRole("link", { name: "Open the report" });
    const loaded = await report.getAttribute("href", { timeout: 30_000 });
    addresses = ["#/race", "#/eight", "#/eight/C", "#/load", "#/runs", raced ?? "", loaded ?? ""];
    await page.context().close();
  });

  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  /** Opens each view with all that is folded away in it. */
  const eachView = async (
    options: BrowserContextOptions,
    look: (page: Page, address: string) => Promise<void>,
  ) => {
    for (const address of addresses) {
      const { page } = await visit(browser, server.url, address, options);
      await page.waitForLoadState("networkidle");
      for (const summary of await page.locator("summary").all()) {
        await summary.click();
      }
      await look(page, address);
      await page.context().close();
    }
  };

  test.each(["light", "dark"] as const)(
    "nothing serious or critical for axe in the %s theme",
    async (colorScheme) => {
      const found: string[] = [];
      await eachView({ colorScheme }, async (page, address) => {
        await page.evaluate(axe.source);
        const { violations } = await page.evaluate<AxeResults>("axe.run(document)");
        for (const { id, impact, nodes } of violations) {
          if (impact === "serious" || impact === "critical") {
            found.push(`${address} ${id}: ${nodes.map(({ html }) => html).join(" ")}`);
          }
        }
        await shoot(page, `${colorScheme}${address.slice(0, 8).replaceAll(/\W/g, "-")}`);
      });
      expect(found).toEqual([]);
    },
    120_000,
  );

  test("the theme is the system's until one is chosen, which is kept", async () => {
    const ground = (page: Page) =>
      page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const { page } = await visit(browser, server.url, "", { colorScheme: "dark" });
    const dark = await ground(page);
    await page.getByLabel("Theme").selectOption("light");
    const light = await ground(page);
    expect(light).not.toBe(dark);
    await page.reload();
    await page.getByRole("heading", { level: 1 }).waitFor();
    expect(await ground(page)).toBe(light);
    await page.getByLabel("Theme").selectOption("auto");
    expect(await ground(page)).toBe(dark);
  });

  test("every view fits on 360 pixels", async () => {
    const tooWide: string[] = [];
    await eachView({ viewport: { width: 360, height: 640 } }, async (page, address) => {
      const widthPx = await page.evaluate(() => document.documentElement.scrollWidth);
      if (widthPx > 360) {
        tooWide.push(`${address}: ${widthPx}`);
      }
      await shoot(page, `narrow${address.slice(0, 8).replaceAll(/\W/g, "-")}`);
    });
    expect(tooWide).toEqual([]);
  });

  test("every control has a name, and nothing moves for those who do not want it", async () => {
    await eachView({ reducedMotion: "reduce" }, async (page, address) => {
      await page.getByRole("link", { name: "unblock" }).hover();
      const moving = await page.evaluate(() => document.getAnimations().length);
      expect([address, moving]).toEqual([address, 0]);
      expect(await page.getByRole("button", { name: /Replay/ }).count()).toBe(0);
      const nameless = await page
        .locator("button, input, select, a, summary, canvas, [role=img]")
        .evaluateAll((all) =>
          all
            .filter((one) => {
              const labels = one instanceof HTMLInputElement ? [...(one.labels ?? [])] : [];
              const select = one instanceof HTMLSelectElement ? [...one.labels] : [];
              const label = [...labels, ...select].map(({ innerText }) => innerText).join("");
              const plotted = one.closest("[role=img]")?.ariaLabel;
              return !(one.ariaLabel || one.textContent?.trim() || label || plotted);
            })
            .map((one) => one.outerHTML),
        );
      expect([address, nameless]).toEqual([address, []]);
    });
  });
});
