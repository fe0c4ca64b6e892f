import { dirname } from "node:path";
import {
  changeProgress,
  loadProgress,
  noProgress,
  progressOf,
  withExercise,
} from "@unblock/progress/progress";
import { openKey, signStatement } from "@unblock/progress/signature";
import { unsignedPass } from "@unblock/progress/testing/passes";
import { exercises } from "@unblock/proto/exercises";
import type { Page } from "playwright-core";
import { beforeEach, expect, test } from "vitest";
import { describePage, raceEnds, shoot } from "./browser.ts";
import type { PageServer } from "./page-server.ts";

describePage("the eight", (setup) => {
  beforeEach(async () => {
    await changeProgress(setup().server.progressFile, () => noProgress);
  });

  const guess = async (page: Page, strategy: string) => {
    await page.getByRole("radio", { name: strategy }).check();
    await page.getByRole("button", { name: "Guess, and race" }).click();
  };

  test("reveals nothing before the guess, and the race and the reasons after it", async () => {
    const { page, errors } = await setup().visit("#/eight");
    await page.getByRole("link", { name: /B External API call/ }).click();
    await page.getByText("Your guess").waitFor();
    const question = await page.locator("main").innerText();
    const reasons = exercises[1]?.strategies.map(({ reason }) => reason) ?? [];
    expect(reasons.filter((reason) => question.includes(reason))).toEqual([]);
    expect(question).not.toMatch(/[★✗]/);
    await guess(page, "event-loop");
    await page.getByText("✗ Not here: you guessed event-loop.").waitFor();
    await raceEnds(page);
    const answer = await page.locator("main").innerText();
    expect(reasons.filter((reason) => !answer.includes(reason))).toEqual([]);
    expect(await page.locator("canvas.bars").count()).toBe(3);
    expect(await page.getByRole("heading", { name: "Why" }).count()).toBe(1);
    await shoot(page, "eight-card");
    expect(errors).toEqual([]);
  });

  test("keeps the first guess in the course's progress until the guesses are forgotten", async () => {
    const { server, visit } = setup();
    const { page } = await visit("#/eight/G");
    await page.getByText("Score 0/8 passed").waitFor();
    await guess(page, "background");
    await page.getByText("Guessed 1 of 8").waitFor();
    await raceEnds(page);
    expect(guessesOf(server)).toEqual({ G: "background" });
    expect(await page.evaluate(() => localStorage.getItem("unblock-guesses"))).toBeNull();
    await page.reload();
    await page.getByText("✓ Right: you guessed background.").waitFor();
    await page.getByRole("button", { name: "Race again" }).click();
    await raceEnds(page);
    await page.getByRole("button", { name: "Forget all guesses" }).click();
    await page.getByText("No exercise guessed yet").waitFor();
    await expect.poll(() => guessesOf(server)).toEqual({});
    expect(await page.getByText("Your guess").count()).toBe(1);
  });

  test("shows the course's score, including passes while the page is open", async () => {
    const { server, visit } = setup();
    const { page } = await visit("#/eight");
    await page.getByText("Score 0/8 passed").waitFor();
    const key = openKey(dirname(server.progressFile));
    await changeProgress(server.progressFile, (progress) =>
      exercises.reduce((now, { letter }) => {
        const pass = signStatement(unsignedPass(letter).statement, key);
        return withExercise(now, letter, { pass, last: "PASS" });
      }, progress),
    );
    await page.evaluate(() => dispatchEvent(new Event("focus")));
    await page.getByText("8/8: Expert").waitFor();
    await page.getByRole("link", { name: /H Batch/ }).click();
    await guess(page, "parallel");
    await page.getByRole("link", { name: /H Batch.*✓ guessed right, ✓ passed/ }).waitFor();
    await raceEnds(page);
    await shoot(page, "eight-score");
  });

  test("keeps guesses in the browser while the server takes none, and sends them later", async () => {
    const { server, visit } = setup();
    const { page } = await visit("#/eight/A");
    await page.route("**/unblock.v1.ProgressService/*", (route) => route.abort());
    await page.reload();
    await page.getByText("Saved in this browser").waitFor();
    await guess(page, "blocking-pool");
    await page.getByText("✓ Right: you guessed blocking-pool.").waitFor();
    await raceEnds(page);
    expect(guessesOf(server)).toEqual({});
    await page.unroute("**/unblock.v1.ProgressService/*");
    await page.reload();
    await page.getByText("Shared with the course").waitFor();
    await expect.poll(() => guessesOf(server)).toEqual({ A: "blocking-pool" });
  });
});

function guessesOf({ progressFile }: PageServer): Readonly<Record<string, string>> {
  const { state } = loadProgress(progressFile);
  return Object.fromEntries(
    exercises.flatMap(({ letter }) => {
      const { guess } = progressOf(state, letter);
      return guess === undefined ? [] : [[letter, guess]];
    }),
  );
}
