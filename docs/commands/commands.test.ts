/** Runs the commands that README.md and docs/*.md show, in a copy of the project. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { delimiter, join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { type RunningCommand, startCommand } from "@unblock/test/cli";
import { hasProgram } from "@unblock/test/programs";
import { copyProject, type ProjectCopy } from "@unblock/test/project-copy";
import { hasRedis, startRedis, type TestRedis } from "@unblock/test/redis";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { codeBlocks, codeSpans, commandsIn, read, root } from "../testing/documents.ts";

const shown = ["README.md", ...globSync("docs/*.md", { cwd: root })].flatMap(commandsIn);

/** Commands that are not run here, with the reason. Their syntax is checked by the test beside this one. */
const notRun: Readonly<Record<string, string>> = {
  "npm ci": "It installs what these tests run on.",
  "npm run lab": "It takes a minute. The same for one exercise is run.",
  "npm run lab -- --exercise A": "It is run with -s.",
  "npm run check": "It takes minutes. The same with --watch is run.",
  "docker compose up -d": "It needs Docker.",
};
/** Run by docs/fundamentals/fundamentals.test.ts, which has all programs of that page. */
const isFundamental = (command: string) => command.startsWith("node docs/fundamentals/");

const run = new Set<string>();

/** Declares the test of a command that is shown. */
function commandTest(command: string, check: (command: string) => Promise<void>): void {
  run.add(command);
  test(command, { timeout: 120_000 }, () => check(command));
}

/** With the project's Node, as in npm's scripts. */
const PATH = [join(root, "node_modules/.bin"), process.env.PATH].join(delimiter);

let project: ProjectCopy;
const started: RunningCommand[] = [];

beforeAll(() => {
  project = copyProject();
}, 120_000);

afterAll(() => {
  for (const command of started) {
    signal(command, "SIGKILL");
  }
  project.remove();
});

/** Starts a command in a shell, as its own process group. */
function start(command: string, env: Readonly<Record<string, string>> = {}): RunningCommand {
  const options = { cwd: project.folder, detached: true };
  const running = startCommand("bash", ["-c", command], { PATH, ...env }, options);
  started.push(running);
  return running;
}

async function finish(command: string, env?: Readonly<Record<string, string>>) {
  const running = start(command, env);
  const code = await running.exited;
  return { code, stdout: running.stdout(), stderr: running.stderr() };
}

/** Sends a signal to a command and all that it started, as a terminal does. */
function signal({ child }: RunningCommand, name: NodeJS.Signals): void {
  try {
    process.kill(-Number(child.pid), name);
  } catch {
    // It has ended.
  }
}

async function stop(command: RunningCommand): Promise<void> {
  signal(command, "SIGINT");
  await command.exited;
}

/** Waits for text in the output of a command. */
async function waitFor(output: () => string, text: string | RegExp): Promise<void> {
  await vi.waitFor(() => expect(output()).toMatch(new RegExp(text)), {
    timeout: 60_000,
    interval: 50,
  });
}

test("every command is run, or listed with the reason", () => {
  const others = shown.filter((command) => !isFundamental(command) && !(command in notRun));
  expect(new Set(others)).toEqual(run);
  expect(Object.keys(notRun).filter((command) => !shown.includes(command))).toEqual([]);
});

const url = "http://127.0.0.1:8080";

/** The documents show the default port, so that has to be free. */
async function isPortFree(): Promise<boolean> {
  const socket = connect(8080, "127.0.0.1");
  const isTaken = await once(socket, "connect").then(
    () => true,
    () => false,
  );
  socket.destroy();
  if (isTaken && process.env.CI !== undefined) {
    throw new Error("Expected port 8080 to be free in CI, got a server");
  }
  return !isTaken;
}

const getUser = `curl -s -H 'content-type: application/json' -d '{"user_id":1}' ${url}/unblock.v1.ExercisesService/GetUser`;
const user = { user_id: 1, name: "User 1", email: "user1@example.com" };

describe.skipIf(!(await isPortFree()))("a server (skipped where port 8080 is taken)", () => {
  describe("with the default flags", () => {
    let server: RunningCommand;
    beforeAll(async () => {
      server = start("npm start");
      await waitFor(server.stdout, `at ${url}`);
    }, 90_000);
    afterAll(() => stop(server));

    commandTest("npm start", async () => {
      expect(server.stdout()).toContain(url);
    });

    commandTest(
      `curl -d '{"user_id":1}' -H 'Content-Type: application/json' ${url}/unblock.v1.ExercisesService/GetUser`,
      async (command) => {
        expect(JSON.parse((await finish(command)).stdout)).toEqual(user);
      },
    );

    commandTest(
      `npm run -s call -- GetUser '{"user_id":1}' --strategy event-loop -v`,
      async (command) => {
        const { code, stdout, stderr } = await finish(command);
        expect({ code, response: JSON.parse(stdout) }).toEqual({ code: 0, response: user });
        expect(stderr).toContain("unblock-strategy: event-loop\n");
      },
    );

    commandTest(
      "curl -si -H 'content-type: application/json' -H 'unblock-strategy: event-loop' " +
        `-d '{"user_id":1}' localhost:8080/unblock.v1.ExercisesService/GetUser`,
      async (command) => {
        const { stdout } = await finish(command);
        const [session = ""] = codeBlocks(read("docs/operating.md"), "console");
        const shape = (text: string) => text.replaceAll(/\d+/g, "0");
        const headers = session.match(/^[a-z-]+: .*$/gm)?.map(shape);
        expect(headers).toHaveLength(4);
        expect(shape(stdout).split("\r\n")).toEqual(expect.arrayContaining(headers ?? []));
      },
    );

    commandTest("curl -s localhost:8080/metrics", async (command) => {
      expect((await finish(command)).stdout).toMatch(/^unblock_executor_size\{.*\} \d+$/m);
    });

    describe.skipIf(!hasProgram("grpcurl"))("by grpcurl (skipped without it)", () => {
      commandTest("grpcurl -plaintext localhost:8080 list", async (command) => {
        expect((await finish(command)).stdout).toContain("unblock.v1.ExercisesService\n");
      });

      commandTest(
        "grpcurl -plaintext localhost:8080 grpc.health.v1.Health/Check",
        async (command) => {
          expect(JSON.parse((await finish(command)).stdout)).toEqual({ status: "SERVING" });
        },
      );

      commandTest(
        `grpcurl -plaintext -d '{"interval_ms":500}' localhost:8080 unblock.v1.VitalsService/WatchVitals`,
        async (command) => {
          const watch = start(command);
          await waitFor(watch.stdout, /"event_loop"[\s\S]*"event_loop"/);
          await stop(watch);
        },
      );
    });
  });

  commandTest(`NODE_OPTIONS="--import $PWD/otel.mjs" npm start`, async (command) => {
    const [module = ""] = codeBlocks(read("docs/tracing.md"), "js");
    writeFileSync(join(project.folder, "otel.mjs"), module);
    const server = start(command);
    await waitFor(server.stdout, `at ${url}`);
    await finish(getUser);
    await waitFor(server.stdout, /'unblock.strategy': 'blocking-pool'/);
    await stop(server);
  });

  commandTest(
    "NODE_OPTIONS='--import /path/to/unblock/packages/diagnose/main.ts?watch' npm start",
    async (command) => {
      const server = start(command.replace("/path/to/unblock", project.folder));
      await waitFor(server.stdout, `at ${url}`);
      const blocks = getUser.replace("curl", "curl -H 'unblock-strategy: event-loop'");
      await finish(Array.from({ length: 10 }, () => blocks).join("; "));
      await waitFor(server.stderr, "loop-blocked-by-waiting at backends/database.ts:");
      await stop(server);
    },
  );
});

commandTest("npm start -- --help", async (command) => {
  const { code, stdout } = await finish(command);
  expect(code).toBe(0);
  const guides = ["docs/limits.md", "docs/operating.md", "docs/scaling.md"].map(read);
  const flags = guides.flatMap(codeSpans).flatMap((code) => /^--[a-z][a-z0-9-]+/.exec(code) ?? []);
  expect(flags.length).toBeGreaterThan(20);
  expect(flags.filter((flag) => !stdout.includes(`${flag} `))).toEqual([]);
});

commandTest("npm run -s lab -- --exercise A", async (command) => {
  const { code, stdout } = await finish(command);
  // Other programs may keep the machine busy: then the lab concludes nothing.
  expect([0, 3]).toContain(code);
  const block = codeBlocks(read("README.md"), "text").find((text) => text.includes(command)) ?? "";
  // Up to the exercise's heading, except the line about this machine.
  const constant = (text: string) => text.split("\n").slice(0, 12).toSpliced(1, 1);
  expect(constant(stdout).at(-1)).toMatch(/^A {2}Database lookup/);
  expect(constant(stdout)).toEqual(constant(block.replace(/^.*\n/, "")));
  expect(stdout).toMatch(/^★ blocking-pool /m);
  expect(stdout).toMatch(/^✗ event-loop /m);
});

describe("the load client", () => {
  commandTest("npm run loadtest -- GetUser --concurrency 10 --requests 10", async (command) => {
    const { code, stdout } = await finish(command);
    // On a busy machine the client may have been the limit.
    expect([0, 3]).toContain(code);
    expect(stdout).toMatch(/\b10\b/);
  });

  commandTest(
    "npm run loadtest -- GetCache --rate 500 --duration 10s --output html --output-file report.html",
    async (command) => {
      const { code } = await finish(command);
      expect([0, 3]).toContain(code);
      expect(readFileSync(join(project.folder, "report.html"), "utf8")).toContain("GetCache");
    },
  );
});

describe("the course", () => {
  const yours = (name: string) => join(project.folder, "learn/yours", name);

  // The `script` of other systems takes different arguments.
  describe.skipIf(process.platform !== "linux" || !hasProgram("script"))(
    "on a terminal (skipped without script)",
    () => {
      /** Types q when the screen shows a text. */
      async function quitAt(command: string, text: RegExp): Promise<void> {
        const child = spawn("script", ["-qec", `stty cols 80 rows 24; ${command}`, "/dev/null"], {
          cwd: project.folder,
          env: { ...process.env, PATH, TERM: "xterm-256color" },
        });
        let written = "";
        child.stdout.on("data", (chunk: Buffer) => {
          written += chunk;
        });
        // The command may have ended by itself.
        child.stdin.on("error", () => {});
        const exited = once(child, "close");
        await waitFor(() => stripVTControlCharacters(written), text);
        child.stdin.write("q");
        expect(await exited).toEqual([0, null]);
      }

      commandTest("npm run learn", (command) => quitAt(command, /A {2}Database lookup/));
      commandTest("npm run learn -- --quiz", (command) => quitAt(command, /q to leave/));
      commandTest("npm run learn -- --review", (command) =>
        quitAt(command, /Nothing to review yet/),
      );
    },
  );

  commandTest("npm run learn -- --reset A", async (command) => {
    const { code } = await finish(command);
    expect(code).toBe(0);
    const stub = read("exercises/get-user/stub.ts");
    expect(readFileSync(yours("a-get-user.ts"), "utf8")).toBe(stub);
  });

  commandTest("npm run learn -- --verify FILE", async (command) => {
    const verify = async (file: string) => (await finish(command.replace("FILE", file))).code;
    await finish("npm run learn -- --result result.json");
    expect(await verify("result.json")).toBe(0);
    const result = readFileSync(join(project.folder, "result.json"), "utf8");
    writeFileSync(
      join(project.folder, "altered.json"),
      result.replace(/"passed": \d/, '"passed": 7'),
    );
    expect(await verify("altered.json")).toBe(2);
    expect(await verify("missing.json")).toBe(1);
  });

  commandTest("npm run check -- --watch", async (command) => {
    const watch = start(command);
    await waitFor(watch.stderr, "Save a file in ");
    const stub = readFileSync(yours("a-get-user.ts"), "utf8");
    writeFileSync(yours("a-get-user.ts"), `${stub}// Saved.\n`);
    await waitFor(watch.stdout, /^A {2}Database lookup[\s\S]*FAIL/m);
    await stop(watch);
  });
});

describe("diagnose", () => {
  beforeAll(() => {
    const lines = ['import { execSync } from "node:child_process";', "", "setTimeout(block, 100);"];
    const block = ["function block() {", "  for (let n = 0; n < 5; n++)"];
    const call = '    execSync("sleep 0.1");';
    const app = [...lines, ...block, call, "}", ""].join("\n");
    writeFileSync(join(project.folder, "app.js"), app);
  });

  for (const command of [
    "npx node --import ./packages/diagnose/main.ts app.js",
    "node --import ./packages/diagnose/main.ts app.js",
    "node packages/diagnose/main.ts --watch app.js",
  ]) {
    commandTest(command, async () => {
      const { code, stderr } = await finish(command);
      expect(code).toBe(0);
      expect(stderr).toContain("\nloop-blocked-by-waiting at app.js:6\n");
    });
  }

  commandTest("node packages/diagnose/main.ts --json app.js", async (command) => {
    const { code, stdout } = await finish(command);
    expect(code).toBe(0);
    const [, example = ""] = codeBlocks(read("docs/diagnose.md"), "console");
    const parse = (lines: string) =>
      lines
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
    const fields = (lines: string) => parse(lines).map((line) => Object.keys(line));
    expect(fields(stdout)).toEqual(fields(example));
    const [finding] = parse(stdout);
    const [shownFinding] = parse(example);
    for (const field of ["diagnosis", "id", "file", "line", "calls", "code", "read_on"]) {
      expect(finding[field]).toBe(shownFinding[field]);
    }
    expect(Object.keys(finding.numbers)).toEqual(Object.keys(shownFinding.numbers));
  });
});

describe("external backends", () => {
  const compose = read("compose.yaml");

  commandTest(
    "export DATABASE_URL=postgres://postgres:unblock@localhost/postgres",
    async (command) => {
      const [, password] = /\/\/postgres:(\w+)@localhost/.exec(command) ?? [];
      expect(compose).toContain(`POSTGRES_PASSWORD: ${password} `);
      expect(compose).toContain(`"127.0.0.1:5432:5432"`);
    },
  );

  commandTest("export REDIS_URL=redis://localhost:6379", async () => {
    expect(compose).toContain(`"127.0.0.1:6379:6379"`);
  });

  describe.skipIf(!hasRedis())("the worker (skipped without redis-server)", () => {
    let redis: TestRedis;
    let env: { REDIS_URL: string };
    beforeAll(async () => {
      redis = await startRedis();
      env = { REDIS_URL: redis.url };
    });
    afterAll(() => redis.close());

    commandTest("npm run worker", async (command) => {
      const worker = start(command, env);
      await waitFor(worker.stdout, /^unblock worker takes jobs from /m);
      await stop(worker);
    });

    commandTest("npm run worker -- failed", async (command) => {
      expect(await finish(command, env)).toMatchObject({ code: 0, stderr: "" });
    });

    commandTest("npm run worker -- retry --all", async (command) => {
      expect(await finish(command, env)).toMatchObject({ code: 0, stderr: "" });
    });
  });
});
