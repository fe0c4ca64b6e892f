import type { Report } from "./report.ts";

const timeoutMs = 120_000;
const maxPages = 500;

/**
 * Sends a report to ghz-web.
 *
 * @param url URL of a ghz-web, such as "http://127.0.0.1:3000"
 * @param project name of the project, created if it does not exist; default: a new project
 * @returns URL of the report's page
 * @throws Error with the response of ghz-web, or the reason why there is none
 * @see https://ghz.sh/docs/web/api
 */
export async function publishReport(
  report: Report,
  url: string,
  project?: string,
): Promise<string> {
  const base = URL.parse(url.endsWith("/") ? url : `${url}/`);
  if (base === null || !/^https?:$/.test(base.protocol)) {
    throw new Error(`Expected --publish to be a URL such as http://127.0.0.1:3000, got "${url}"`);
  }
  const folder =
    project === undefined ? "" : `projects/${await findOrCreateProject(base, project.trim())}/`;
  const ingested = await request(base, `${folder}ingest/`, report);
  return new URL(`reports/${idOf(base, at(ingested, "report"))}`, base).href;
}

async function findOrCreateProject(base: URL, name: string): Promise<number> {
  let seen = 0;
  for (let page = 0; page < maxPages; page++) {
    const response = await request(base, `projects/?sort=id&order=asc&page=${page}`);
    const data = at(response, "data");
    const projects: readonly unknown[] = Array.isArray(data) ? data : [];
    const found = projects.find((one) => at(one, "name") === name);
    if (found !== undefined) {
      return idOf(base, found);
    }
    seen += projects.length;
    if (projects.length === 0 || seen >= Number(at(response, "total"))) {
      break;
    }
  }
  return idOf(base, await request(base, "projects/", { name }));
}

/** Sends a GET, or a POST if there is a body. */
async function request(base: URL, path: string, body?: unknown): Promise<unknown> {
  const problem = (what: string) => new Error(`Could not publish to ${base.href}: ${what}`);
  const post = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
  const response = await fetch(new URL(`api/${path}`, base), {
    redirect: "error",
    signal: AbortSignal.timeout(timeoutMs),
    ...(body === undefined ? {} : post),
  }).catch((error: Error) => {
    throw problem(reasonOf(error));
  });
  const json: unknown = await response.json().catch(() => undefined);
  if (!response.ok) {
    const message = String(at(json, "message") ?? "no message").slice(0, 200);
    throw problem(`it responded with status ${response.status} (${message})`);
  }
  return json;
}

function reasonOf(error: Error): string {
  if (error.name === "TimeoutError") {
    return `no response within ${timeoutMs / 1_000} s`;
  }
  const { cause = error } = error;
  return String(at(cause, "code") ?? at(cause, "message"));
}

function idOf(base: URL, value: unknown): number {
  const id = at(value, "id");
  if (typeof id !== "number") {
    throw new Error(`Expected ${base.href} to return an id, got none; is it ghz-web?`);
  }
  return id;
}

function at(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
