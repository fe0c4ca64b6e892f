import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { describePage, openTable, race, raceEnds, shoot } from "./browser.ts";
import { startPageServer } from "./page-server.ts";

const token = "not-a-secret";

describePage("errors", (setup) => {
  beforeAll(async () => {
    const { page } = await setup().visit();
    await race(page);
  });

  test("notices that the server was killed, and continues when it is back", async () => {
    const { server, visit } = setup();
    const { page } = await visit();
    await page.getByText("The server now").click();
    await page.getByText("calls in progress").waitFor();
    await page.getByLabel("Exercise").selectOption("B");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByText("Running with").waitFor();
    await server.kill();
    await page.getByText("The server does not respond.").waitFor();
    await page.getByText("The server went away while it raced.").waitFor();
    expect(await page.getByRole("button", { name: "Run", exact: true }).isDisabled()).toBe(true);
    await shoot(page, "away");
    await server.startAgain();
    await page.getByText("The server does not respond.").waitFor({ state: "detached" });
    await page.getByText("The server now").scrollIntoViewIfNeeded();
    await page.getByText("calls in progress").waitFor();
    await race(page);
    expect(await page.getByRole("alert").count()).toBe(0);
  });

  test("lists the runs when an absent server is back", async () => {
    const { server, visit } = setup();
    const { page } = await visit();
    await server.kill();
    await page.getByRole("link", { name: "Runs" }).click();
    await page.getByText("The server went away while it listed its runs.").waitFor();
    await server.startAgain();
    await page.getByRole("link", { name: /^Race/ }).nth(1).waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
  });

  test("shows the server's reason when another page has a run in progress", async () => {
    const first = await setup().visit("#/load");
    await first.page.getByRole("button", { name: "Start", exact: true }).click();
    const second = await setup().visit();
    await second.page.getByRole("button", { name: "Run", exact: true }).click();
    const alert = second.page.getByRole("alert");
    await alert.waitFor();
    expect(await alert.innerText()).toMatch(/Another run is in progress.*Try again/s);
    await first.page.getByRole("button", { name: "Stop" }).click();
    await race(second.page);
    expect(await alert.count()).toBe(0);
  });

  test("shows what the server needs, in place", async () => {
    const { server, visit } = setup();
    const { page } = await visit();
    await page.getByRole("checkbox", { name: "async" }).check();
    await page.getByRole("button", { name: "Run", exact: true }).click();
    const alert = page.getByRole("alert");
    await alert.waitFor();
    expect(await alert.innerText()).toContain("DATABASE_URL");
    await page.goto(`${server.url}/#/runs/aaaaaaaaaaaa`);
    await alert.waitFor();
    expect(await alert.innerText()).toMatch(/list of runs/);
  });

  test("shows a time-out and the next step", async () => {
    const { page } = await setup().visit();
    await page.route("**/ListRuns", (route) =>
      route.fulfill({ status: 504, json: { code: "deadline_exceeded", message: "too late" } }),
    );
    await page.getByRole("link", { name: "Runs" }).click();
    const alert = page.getByRole("alert");
    await alert.waitFor();
    expect(await alert.innerText()).toMatch(/took too long while it listed its runs.*Try again/s);
  });

  test("shows rejected calls as failed, each with its reason", async () => {
    const small = await startPageServer(["--blocking-threads", "2", "--max-queue", "4"]);
    const { page } = await setup().visitOther(small.url);
    await page.getByRole("checkbox", { name: "event-loop" }).uncheck();
    await race(page);
    const figures = page.getByRole("region", { name: "Figures of the race" });
    expect(await figures.getByRole("row").nth(1).innerText()).toMatch(/\s5$/);
    const calls = await openTable(page, "Calls with blocking-pool");
    await calls
      .getByText(/resource_exhausted: .*queue/)
      .first()
      .waitFor();
    await shoot(page, "rejected");
    await small.close();
  });

  test("does not interpret run files as HTML", async () => {
    const { server, visit } = setup();
    const attack = "<img src=x onerror=\"document.title='broken into'\">";
    const [file = ""] = readdirSync(server.runsFolder).filter((name) => name.endsWith(".json"));
    const run: { summary: Record<string, unknown> } = JSON.parse(
      readFileSync(join(server.runsFolder, file), "utf8"),
    );
    run.summary.summary = attack;
    const written = join(server.runsFolder, "20260101T000000000Z-aaaaaaaaaaab.json");
    writeFileSync(written, JSON.stringify(run));
    const { page } = await visit("#/runs");
    await page.getByText(attack).waitFor();
    await page.goto(`${server.url}/#/runs/aaaaaaaaaaab`);
    await page.locator(".summary").getByText(attack).waitFor();
    expect(await page.locator("img").count()).toBe(0);
    expect(await page.title()).not.toBe("broken into");
  });

  test("asks for a token, reports a wrong one, and keeps the right one for the tab", async () => {
    const guarded = await startPageServer(["--token", token]);
    const { page } = await setup().visitOther(guarded.url);
    const field = page.getByLabel(/token/i);
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await field.fill("wrong");
    await page.getByRole("button", { name: "Use token" }).click();
    await page.getByText("the server rejected the last one").waitFor();
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
