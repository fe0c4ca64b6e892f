import axe, { type AxeResults } from "axe-core";
import type { BrowserContextOptions, Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { addressOfRun, describePage, race, shoot } from "./browser.ts";

describePage("accessibility, themes and widths", (setup) => {
  /** Addresses of every view, each with content. */
  let addresses: readonly string[];

  beforeAll(async () => {
    const { page } = await setup().visit();
    await race(page);
    const raced = await addressOfRun(page);
    await page.getByRole("link", { name: "Load", exact: true }).click();
    await page.getByLabel("Seconds").fill("1");
    await page.getByRole("button", { name: "Start", exact: true }).click();
    const loaded = await addressOfRun(page);
    addresses = ["#/race", "#/eight", "#/eight/C", "#/load", "#/runs", raced, loaded];
    await page.context().close();
  });

  /** Opens each view and unfolds everything in it. */
  const eachView = async (
    options: BrowserContextOptions,
    inspect: (page: Page, address: string) => Promise<void>,
  ) => {
    for (const address of addresses) {
      const { page } = await setup().visit(address, options);
      await page.waitForLoadState("networkidle");
      for (const summary of await page.locator("summary").all()) {
        await summary.click();
      }
      await inspect(page, address);
      await page.context().close();
    }
  };

  test.each(["light", "dark"] as const)(
    "axe finds nothing serious or critical in the %s theme",
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

  test("follows the system's theme until one is chosen, and keeps the choice", async () => {
    const ground = (page: Page) =>
      page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const { page } = await setup().visit("", { colorScheme: "dark" });
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

  test("every view fits into 360 pixels", async () => {
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

  test("every control has a name, and nothing moves with reduced motion", async () => {
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
