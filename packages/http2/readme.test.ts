import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:http2";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { resolveOptions } from "./server/options.ts";

const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const readme = readFileSync(pathOf("README.md"), "utf8");

test("shows the example as it is, and the example does what it says", async () => {
  expect(readme).toContain(readFileSync(pathOf("example.ts"), "utf8"));
  const child = spawn(process.execPath, [pathOf("example.ts")], {
    env: { ...process.env, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [output] = await once(child.stdout, "data");
    const port = /port: (\d+)/.exec(String(output))?.[1];
    const session = connect(`http://127.0.0.1:${port}`);
    const post = async (path: string) => {
      const stream = session.request({ ":method": "POST", ":path": path });
      stream.end("hello");
      const [[{ ":status": status }], body] = await Promise.all([
        once(stream, "response"),
        text(stream),
      ]);
      return { status, body };
    };
    expect(await post("/echo")).toEqual({ status: 200, body: "hello" });
    expect(await post("/upper")).toEqual({ status: 200, body: "HELLO" });
    expect(await post("/other")).toEqual({ status: 404, body: "" });
    child.kill("SIGTERM");
    await Promise.all([once(session, "close"), once(child, "exit")]);
    expect(child.exitCode).toBe(0);
  } finally {
    child.kill("SIGKILL");
  }
});

test("lists every option with its default", () => {
  const limits = resolveOptions({});
  const options = Object.entries(limits).filter(([name]) => name !== "rates");
  for (const [name, value] of options) {
    const shown = value === undefined ? "none" : value.toLocaleString("en");
    expect(readme).toContain(`| \`${name}\` | ${shown} |`);
  }
  for (const [name, { burst, perSecond, perFrameSent = 0 }] of Object.entries(limits.rates)) {
    const shown = [burst, perSecond, perFrameSent].map((value) => value.toLocaleString("en"));
    expect(readme).toContain(`| \`${name}\` | ${shown.join(" | ")} |`);
  }
});
