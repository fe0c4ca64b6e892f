import type { Report } from "./report.ts";

export interface PublishOptions {
  /** URL of a ghz-web, such as "http://127.0.0.1:3000". */
  readonly url: string;
  /** Name of the project, created if it does not exist; default: a new project. */
  readonly project?: string;
}

/** Limit of each request to ghz-web. */
const timeoutMs = 120_000;
/** Limit of the search for a project. */
const maxPages = 500;

/**
 * Sends a report to ghz-web.
 *
 * @returns URL of the report's page
 * @throws Error with the response of ghz-web, or the reason why there is none
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
      : `projects/${await findOrCreateProject(ghzWeb, project.trim())}/ingest/`;
  const ingested = await ghzWeb.request(path, report);
  const id = numberAt(Reflect.get(ingested, "report"), "id");
  if (id === undefined) {
    throw new Error(`Expected ${url} to return the id of the report, got none; is it ghz-web?`);
  }
  return { address: new URL(`reports/${id}`, ghzWeb.base).href };
}

async function findOrCreateProject(ghzWeb: GhzWeb, name: string): Promise<number> {
  let seen = 0;
  for (let page = 0; page < maxPages; page++) {
    const response = await ghzWeb.request(`projects/?sort=id&order=asc&page=${page}`);
    const data: unknown = Reflect.get(response, "data");
    const projects: readonly unknown[] = Array.isArray(data) ? data : [];
    const found = projects.find((one) => textAt(one, "name") === name);
    const id = numberAt(found, "id");
    if (id !== undefined) {
      return id;
    }
    seen += projects.length;
    if (projects.length === 0 || seen >= (numberAt(response, "total") ?? 0)) {
      break;
    }
  }
  const id = numberAt(await ghzWeb.request("projects/", { name }), "id");
  if (id === undefined) {
    throw new Error(`Expected ghz-web to return the id of the new project "${name}", got none`);
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

  /** Sends a GET, or a POST if there is a body. */
  async request(path: string, body?: unknown): Promise<object> {
    const problem = (what: string) => new Error(`Could not publish to ${this.base.href}: ${what}`);
    const post = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    };
    const response = await fetch(new URL(`api/${path}`, this.base), {
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : post),
    }).catch((error: unknown) => {
      throw problem(reasonOf(error));
    });
    const json = parseObject(await response.text());
    if (!response.ok) {
      const message = textAt(json, "message") ?? "no message";
      throw problem(`it responded with status ${response.status} (${message.slice(0, 200)})`);
    }
    if (json === undefined) {
      throw problem("the response is not JSON; is it ghz-web?");
    }
    return json;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  if (error.name === "TimeoutError") {
    return `no response within ${timeoutMs / 1_000} s`;
  }
  const { cause } = error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : undefined;
  return code === "ECONNREFUSED"
    ? "nothing listens there (ECONNREFUSED); is ghz-web running?"
    : (code ?? (cause instanceof Error ? cause.message : error.message));
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function numberAt(value: unknown, name: string): number | undefined {
  const found = propertyOf(value, name);
  return typeof found === "number" ? found : undefined;
}

function textAt(value: unknown, name: string): string | undefined {
  const found = propertyOf(value, name);
  return typeof found === "string" ? found : undefined;
}

function propertyOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
