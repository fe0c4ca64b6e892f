import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { beforeEach, describe, expect, test, vi } from "vitest";

const event = { event: "page_view", user_id: 123 };

/** Whether a new call still reaches the server. */
async function isReachable(url: string): Promise<boolean> {
  try {
    await fetch(url);
    return true;
  } catch {
    return false;
  }
}

describe("an event that was accepted right before the server closes", () => {
  let server: TestServer;
  let backendsPid: number;
  beforeEach(async () => {
    server = await startTestServer();
    backendsPid = (await server.backend("analytics")).pid;
    // Analytics gets nothing before it is resumed.
    process.kill(backendsPid, "SIGSTOP");
    expect(await server.call("TrackEvent", event)).toMatchObject({ code: "ok" });
  });

  test("is sent before the server exits", async () => {
    const steps: string[] = [];
    const closed = server.close().then(() => steps.push("closed"));
    await vi.waitUntil(async () => !(await isReachable(server.url)), 20_000);
    steps.push("takes no new calls");
    process.kill(backendsPid, "SIGCONT");
    await closed;
    expect(steps).toEqual(["takes no new calls", "closed"]);
    expect(server.logged).toEqual([]);
  });

  test("is lost when analytics is stuck, and the log says so", async () => {
    await server.close();
    expect(server.logged).toEqual([
      "1 background tasks did not end within 3000 ms and are lost.",
      expect.stringMatching(/^Background task sendEvent failed and is lost: the server closed/),
    ]);
  });

  test("is lost when analytics dies, and the log says so", async () => {
    process.kill(backendsPid, "SIGKILL");
    await vi.waitUntil(() => server.logged.includes("The embedded backends are back."), 20_000);
    await server.close();
    expect(server.logged).toContainEqual(expect.stringMatching(/sendEvent.*"analytics"/));
  });
});
