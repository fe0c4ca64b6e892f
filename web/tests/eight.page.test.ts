import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exercises } from "../../registry/exercises.ts";
import { expectNoComplaints, hasChromium, openBrowser, raceEnds, shoot, visit } from "./browser.ts";
import { type PageServer, startPageServer } from "./page-server.ts";

describe.skipIf(!hasChromium())("the eight", () => {
  let server: PageServer;
  let browser: Browser;

  beforeAll(async () => {
    [server, browser] = await Promise.all([startPageServer(), openBrowser()]);
  });

  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  const guess = async (page: Page, strategy: string) => {
    await page.getByRole("radio", { name: strategy }).check();
    await page.getByRole("button", { name: "Guess, and race" }).click();
  };

  test("ask before they tell, and tell with a real race and the reasons", async () => {
    const visitor = await visit(browser, server.url, "#/eight");
    const { page } = visitor;
    await page.getByRole("link", { name: /B External API call/ }).click();
    await page.getByText("Your guess").waitFor();
    const asked = await page.locator("main").innerText();
    expect(asked).toContain("Your service needs the weather");
    for (const { reason } of exercises[1]?.strategies ?? []) {
      expect(asked).not.toContain(reason);
    }
    expect(asked).not.toMatch(/[★✗]/);
    await guess(page, "event-loop");
    await raceEnds(page);
    const told = await page.locator("main").innerText();
    expect(told).toContain("✗ Not here: you guessed event-loop.");
    for (const { reason } of exercises[1]?.strategies ?? []) {
      expect(told).toContain(reason);
    }
    expect(told).toMatch(/With async 10 calls take/);
    expect(await page.locator("canvas.bars").count()).toBe(3);
    expect(await page.getByRole("heading", { name: "Why" }).count()).toBe(1);
    await shoot(page, "eight-card");
    expectNoComplaints(visitor);
  });

  test("keep the first guess and the score over a reload, until they shall forget", async () => {
    const { page } = await visit(browser, server.url, "#/eight/G");
    await guess(page, "background");
    await page.getByText("1 of 1 right, 7 to go").waitFor();
    await raceEnds(page);
    await page.reload();
    await page.getByText("1 of 1 right, 7 to go").waitFor();
    expect(await page.locator("main").innerText()).toContain("✓ Right: you guessed background.");
    await page.getByRole("button", { name: "Race again" }).click();
    await raceEnds(page);
    await page.getByRole("button", { name: "Forget all guesses" }).click();
    await page.getByText("0 of 0 right, 8 to go").waitFor();
    expect(await page.getByText("Your guess").count()).toBe(1);
  });

  test("end with a level, as the specification has them", async () => {
    const { page } = await visit(browser, server.url, "#/eight");
    const guessed = Object.fromEntries(
      exercises.slice(0, 7).map(({ letter, recommended }) => [letter, recommended]),
    );
    await page.evaluate((kept) => {
      localStorage.setItem("unblock-guesses", JSON.stringify(kept));
    }, guessed);
    await page.reload();
    await page.getByText("7 of 7 right, 1 to go").waitFor();
    await page.getByRole("link", { name: /H Batch/ }).click();
    await guess(page, "parallel");
    await page.getByText("8/8: Expert – ready for production MLOps").waitFor();
    await shoot(page, "eight-score");
  });
});
