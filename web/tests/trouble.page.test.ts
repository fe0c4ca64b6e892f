import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasChromium, openBrowser, race, raceEnds, shoot, visit } from "./browser.ts";
import { type PageServer, startPageServer } from "./page-server.ts";

const token = "not-a-secret";

describe.skipIf(!hasChromium())("when something goes wrong", () => {
  let server: PageServer;
  let browser: Browser;

  beforeAll(async () => {
    [server, browser] = await Promise.all([startPageServer(), openBrowser()]);
    const { page } = await visit(browser, server.url);
    await race(page);
  });

  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  test("a server that is killed is noticed, and when it is back all goes on", async () => {
    const { page } = await visit(browser, server.url);
    await page.getByText("The server now").click();
    await page.getByText("calls in progress").waitFor();
    await page.getByLabel("Exercise").selectOption("B");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByText("Running with").waitFor();
    await server.kill();
    await page.getByText("The server does not answer.").waitFor();
    await page.getByText("The server went away while it raced.").waitFor();
    expect(await page.getByRole("button", { name: "Run", exact: true }).isDisabled()).toBe(true);
    await shoot(page, "away");
    await server.startAgain();
    await page.getByText("The server does not answer.").waitFor({ state: "detached" });
    await page.getByText("The server now").scrollIntoViewIfNeeded();
    await page.getByText("calls in progress").waitFor();
    await race(page);
    expect(await page.getByRole("alert").count()).toBe(0);
  });

  test("runs that could not be listed are listed when the server is back", async () => {
    const { page } = await visit(browser, server.url);
    await server.kill();
    await page.getByRole("link", { name: "Runs" }).click();
    await page.getByText("The server went away while it listed its runs.").waitFor();
    await server.startAgain();
    await page.getByRole("link", { name: /^Race/ }).nth(1).waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
  });

  test("a second run at a time is refused, with the reason and what to do", async () => {
    const first = await visit(browser, server.url, "#/load");
    await first.page.getByRole("button", { name: "Start", exact: true }).click();
    const second = await visit(browser, server.url);
    await second.page.getByRole("button", { name: "Run", exact: true }).click();
    const told = second.page.getByRole("alert");
    await told.waitFor();
    expect(await told.innerText()).toMatch(/Another run is in progress.*Try again/s);
    await first.page.getByRole("button", { name: "Stop" }).click();
    await race(second.page);
    expect(await told.count()).toBe(0);
  });

  test("what the server can't do is told with its words, in place", async () => {
    const { page } = await visit(browser, server.url);
    await page.getByRole("checkbox", { name: "async" }).check();
    await page.getByRole("button", { name: "Run", exact: true }).click();
    const told = page.getByRole("alert");
    await told.waitFor();
    expect(await told.innerText()).toContain("DATABASE_URL");
    await page.goto(`${server.url}/#/runs/aaaaaaaaaaaa`);
    await told.waitFor();
    expect(await told.innerText()).toMatch(/list of runs/);
  });

  test("a time-out says so, and what to do", async () => {
    const { page } = await visit(browser, server.url);
    await page.route("**/ListRuns", (route) =>
      route.fulfill({ status: 504, json: { code: "deadline_exceeded", message: "too late" } }),
    );
    await page.getByRole("link", { name: "Runs" }).click();
    const told = page.getByRole("alert");
    await told.waitFor();
    expect(await told.innerText()).toMatch(/took too long while it listed its runs.*Try again/s);
  });

  test("calls that a full queue refuses are shown as failed, each with its reason", async () => {
    const small = await startPageServer(["--blocking-threads", "2", "--max-queue", "4"]);
    const { page } = await visit(browser, small.url);
    await page.getByRole("checkbox", { name: "event-loop" }).uncheck();
    await race(page);
    const figures = page.getByRole("region", { name: "Figures of the race" });
    expect(await figures.getByRole("row").nth(1).innerText()).toMatch(/\s5$/);
    await page.getByText("Calls with threads as a table").click();
    const calls = page.getByRole("region", { name: "Calls with threads", exact: true });
    await calls
      .getByText(/resource_exhausted: .*queue/)
      .first()
      .waitFor();
    await shoot(page, "refused");
    await small.close();
  });

  test("what others wrote stays text", async () => {
    const attack = "<img src=x onerror=\"document.title='broken into'\">";
    const [file = ""] = readdirSync(server.runsFolder);
    const run: { summary: Record<string, unknown> } = JSON.parse(
      readFileSync(join(server.runsFolder, file), "utf8"),
    );
    run.summary.sentence = attack;
    const written = join(server.runsFolder, "20260101T000000000Z-aaaaaaaaaaab.json");
    writeFileSync(written, JSON.stringify(run));
    const { page } = await visit(browser, server.url, "#/runs");
    await page.getByText(attack).waitFor();
    await page.goto(`${server.url}/#/runs/aaaaaaaaaaab`);
    await page.locator(".sentence").getByText(attack).waitFor();
    expect(await page.locator("img").count()).toBe(0);
    expect(await page.title()).not.toBe("broken into");
  });

  test("a token is asked for, a wrong one told, the right one kept for the tab alone", async () => {
    const guarded = await startPageServer(["--token", token]);
    const { page } = await visit(browser, guarded.url);
    const field = page.getByLabel(/token/i);
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await field.fill("wrong");
    await page.getByRole("button", { name: "Use it" }).click();
    await page.getByText("the one before is not it").waitFor();
    await shoot(page, "token");
    await field.fill(token);
    await page.keyboard.press("Enter");
    await raceEnds(page);
    const kept = await page.evaluate(() => [
      Object.values(sessionStorage).includes("not-a-secret"),
      Object.values(localStorage).includes("not-a-secret"),
    ]);
    expect(kept).toEqual([true, false]);
    expect(page.url()).not.toContain(token);
    await page.reload();
    await race(page);
    await guarded.close();
  });
});
