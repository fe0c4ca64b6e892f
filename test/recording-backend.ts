import { createServer, type IncomingHttpHeaders } from "node:http";
import { listen } from "./listen.ts";

export interface RecordedRequest {
  /** Such as "/weather". */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** An HTTP service that responds at once and records the requests. */
export interface RecordingBackend {
  readonly url: string;
  readonly requests: RecordedRequest[];
  /** Response body by path: strings as text, other values as JSON. Other paths have the status 500. */
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
