import type { Report } from "./report.ts";

export interface PublishOptions {
  /** Where ghz-web runs, such as "http://127.0.0.1:3000". */
  readonly url: string;
  /** The project's name, which is made when there is none; default: a new one with a name of its own. */
  readonly project?: string;
}

/** For each request, so that a server that never answers does not keep the result. */
const timeoutMs = 120_000;
/** More than this many projects are not searched through. */
const mostPages = 500;

/**
 * Sends a report to a ghz-web.
 *
 * @returns the address of the report's page
 * @throws Error that says what ghz-web answered, or that there is none
 * @see https://ghz.sh/docs/web/api
 */
export async function publishReport(
  report: Report,
  { url, project }: PublishOptions,
): Promise<{ address: string }> {
  const ghzWeb = new GhzWeb(url);
  const path =
    project === undefined
      ? "ingest/"
      : `projects/${await findOrMakeProject(ghzWeb, project.trim())}/ingest/`;
  const ingested = await ghzWeb.ask(path, report);
  const id = numberAt(Reflect.get(ingested, "report"), "id");
  if (id === undefined) {
    throw new Error(
      `Expected ${url} to say which report it made, got something else; is it ghz-web?`,
    );
  }
  return { address: new URL(`reports/${id}`, ghzWeb.base).href };
}

async function findOrMakeProject(ghzWeb: GhzWeb, name: string): Promise<number> {
  let seen = 0;
  for (let page = 0; page < mostPages; page++) {
    const answer = await ghzWeb.ask(`projects/?sort=id&order=asc&page=${page}`);
    const projects = listAt(answer, "data");
    const found = projects.find((one) => textAt(one, "name") === name);
    const id = numberAt(found, "id");
    if (id !== undefined) {
      return id;
    }
    seen += projects.length;
    if (projects.length === 0 || seen >= (numberAt(answer, "total") ?? 0)) {
      break;
    }
  }
  const id = numberAt(await ghzWeb.ask("projects/", { name }), "id");
  if (id === undefined) {
    throw new Error(
      `Expected ghz-web to say which project it made for "${name}", got something else`,
    );
  }
  return id;
}

class GhzWeb {
  readonly base: URL;

  constructor(url: string) {
    const base = URL.parse(url.endsWith("/") ? url : `${url}/`);
    if (base === null || !/^https?:$/.test(base.protocol)) {
      throw new Error(`Expected --publish to be a URL such as http://127.0.0.1:3000, got "${url}"`);
    }
    this.base = base;
  }

  /** GETs, or POSTs when there is a body. */
  async ask(path: string, body?: unknown): Promise<object> {
    const address = new URL(`api/${path}`, this.base);
    const problem = (what: string) => new Error(`Could not publish to ${this.base.href}: ${what}`);
    const response = await fetch(address, {
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined
        ? {}
        : {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify(body),
          }),
    }).catch((error: unknown) => {
      throw problem(reasonOf(error));
    });
    const text = await response.text();
    const answer = parse(text);
    if (!response.ok) {
      const said = textAt(answer, "message") ?? "no message";
      throw problem(`it answered ${response.status} (${said.slice(0, 200)})`);
    }
    if (answer === undefined) {
      throw problem("it does not answer in JSON; is it ghz-web?");
    }
    return answer;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  if (error.name === "TimeoutError") {
    return `no answer within ${timeoutMs / 1_000} s`;
  }
  const { cause } = error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : undefined;
  return code === "ECONNREFUSED"
    ? "nothing listens there (ECONNREFUSED); is ghz-web running?"
    : (code ?? (cause instanceof Error ? cause.message : error.message));
}

function parse(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function numberAt(value: unknown, name: string): number | undefined {
  const found: unknown =
    typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
  return typeof found === "number" ? found : undefined;
}

function textAt(value: unknown, name: string): string | undefined {
  const found: unknown =
    typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
  return typeof found === "string" ? found : undefined;
}

function listAt(value: object, name: string): readonly unknown[] {
  const found: unknown = Reflect.get(value, name);
  return Array.isArray(found) ? found : [];
}
