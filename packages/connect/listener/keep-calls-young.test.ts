import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** Keeps all arrays of one literal, and prints whether V8 ever allocates one in the old generation. */
const program = `
  const { listen } = await import(${JSON.stringify(new URL("listener.ts", import.meta.url).href)});
  if (process.argv[1] === "listen") {
    await listen({ host: "127.0.0.1", port: 0 }, { handleRequest() {}, handleStream() {}, serveStream() {} });
  }
  const makePair = (first, second) => [first, second];
  const kept = [];
  let generation = "young";
  while (generation === "young" && kept.length < 3_000_000) {
    kept.push(makePair({}, {}));
    if (kept.length % 10_000 === 0 && !%InYoungGeneration(makePair(kept, kept))) {
      generation = "old";
    }
  }
  console.log(generation);
  process.exit();
`;

async function generationAfter(...args: string[]): Promise<string> {
  // With one thread V8's decision is reproducible.
  const flags = [
    "--single-threaded",
    "--allow-natives-syntax",
    "--input-type=module",
    "--eval",
    program,
  ];
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, ...args]);
  return stdout.trim();
}

test("a process that listens allocates objects in the young generation where others survived", async () => {
  expect(await generationAfter("listen")).toBe("young");
});

test("any other process allocates them in the old generation", async () => {
  expect(await generationAfter()).toBe("old");
});
