import { createServer, type IncomingHttpHeaders } from "node:http";
import { listen } from "./listen.ts";

export interface RecordedRequest {
  /** Such as "/weather". */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** An HTTP service that answers everything at once, and remembers what it was asked. */
export interface RecordingBackend {
  readonly url: string;
  readonly requests: RecordedRequest[];
  /** What each path answers: a text as it is, all else as JSON. Of all others the status is 500. */
  readonly answers: Map<string, unknown>;
  close(): Promise<void>;
}

export async function serveRecording(): Promise<RecordingBackend> {
  const requests: RecordedRequest[] = [];
  const answers = new Map<string, unknown>();
  const server = createServer((request, response) => {
    const { pathname: path } = new URL(request.url ?? "/", "http://localhost");
    requests.push({ path, headers: request.headers });
    request.resume();
    response.statusCode = answers.has(path) ? 200 : 500;
    const answer = answers.get(path) ?? null;
    response.end(typeof answer === "string" ? answer : JSON.stringify(answer));
  });
  const endpoint = await listen(server);
  return { url: endpoint.url, requests, answers, close: () => endpoint.close() };
}
