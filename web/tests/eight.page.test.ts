import { dirname } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { changeProgress, loadProgress, progressOf, withExercise } from "../../progress/progress.ts";
import { openKey, signStatement } from "../../progress/signature.ts";
import { unsignedPass } from "../../progress/testing/passes.ts";
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
    // The browser runs beside the race, and may disturb it: then nothing is concluded.
    expect(told).toMatch(/With async 10 calls take|Nothing is concluded about .*async/);
    expect(await page.locator("canvas.bars").count()).toBe(3);
    expect(await page.getByRole("heading", { name: "Why" }).count()).toBe(1);
    await shoot(page, "eight-card");
    expectNoComplaints(visitor);
  });

  test("keep the first guess over a reload, where the course finds it, until they are forgotten", async () => {
    const { page } = await visit(browser, server.url, "#/eight/G");
    await page.getByText("Score 0/8 passed").waitFor();
    const before = Object.keys(guessesIn(server)).length;
    await guess(page, "background");
    await page.getByText(`Guessed ${before + 1} of 8`).waitFor();
    await raceEnds(page);
    expect(guessesIn(server)).toMatchObject({ G: "background" });
    expect(await page.evaluate(() => localStorage.getItem("unblock-guesses"))).toBeNull();
    await page.reload();
    await page.getByText(`Guessed ${before + 1} of 8`).waitFor();
    expect(await page.locator("main").innerText()).toContain("✓ Right: you guessed background.");
    await page.getByRole("button", { name: "Race again" }).click();
    await raceEnds(page);
    await page.getByRole("button", { name: "Forget all guesses" }).click();
    await page.getByText("No exercise guessed yet").waitFor();
    await expect.poll(() => guessesIn(server)).toEqual({});
    expect(await page.getByText("Your guess").count()).toBe(1);
  });

  test("show the course's score, also what passes while the page is open", async () => {
    const { page } = await visit(browser, server.url, "#/eight");
    await page.getByText("Score 0/8 passed").waitFor();
    const key = openKey(dirname(server.progressFile));
    await changeProgress(server.progressFile, (progress) =>
      exercises.reduce((now, { letter }) => {
        const pass = signStatement(unsignedPass(letter).statement, key);
        return withExercise(now, letter, { pass, last: "PASS" });
      }, progress),
    );
    await page.evaluate(() => dispatchEvent(new Event("focus")));
    await page.getByText("8/8: Expert – ready for production MLOps").waitFor();
    await page.getByRole("link", { name: /H Batch/ }).click();
    await guess(page, "parallel");
    await page.getByRole("link", { name: /H Batch.*✓ guessed right, ✓ passed/ }).waitFor();
    await raceEnds(page);
    await shoot(page, "eight-score");
  });

  test("keep guesses in the browser when the server takes none, and hand them over later", async () => {
    const { page } = await visit(browser, server.url, "#/eight/A");
    await page.route("**/unblock.v1.ProgressService/*", (route) => route.abort());
    await page.reload();
    await page.getByText("Kept in this browser").waitFor();
    await guess(page, "threads");
    await page.getByText("✓ Right: you guessed threads.").waitFor();
    await raceEnds(page);
    expect(guessesIn(server)).not.toHaveProperty("A");
    await page.unroute("**/unblock.v1.ProgressService/*");
    await page.reload();
    await page.getByText("Shared with the course").waitFor();
    await expect.poll(() => guessesIn(server)).toMatchObject({ A: "threads" });
  });
});

function guessesIn({ progressFile }: PageServer): Readonly<Record<string, string>> {
  const { state } = loadProgress(progressFile);
  return Object.fromEntries(
    exercises.flatMap(({ letter }) => {
      const { guess } = progressOf(state, letter);
      return guess === undefined ? [] : [[letter, guess]];
    }),
  );
}
