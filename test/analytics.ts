import { createServer, type ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import { listen } from "./listen.ts";

/** An analytics service of a test's own. */
export interface TestAnalytics {
  readonly url: string;
  /** Names of the received events, in order, with repetitions. */
  readonly events: readonly string[];
  /** Holds responses until `answer()`. */
  hold(): void;
  answer(): void;
  /** Whether it responds with HTTP 503. */
  failing: boolean;
  close(): Promise<void>;
}

export async function serveAnalytics(): Promise<TestAnalytics> {
  const events: string[] = [];
  const held: ServerResponse[] = [];
  let isHolding = false;
  const server = createServer(async (request, response) => {
    const body: unknown = await json(request);
    if (analytics.failing) {
      response.statusCode = 503;
      response.end("{}");
      return;
    }
    if (typeof body === "object" && body !== null && "event" in body) {
      events.push(String(body.event));
    }
    if (isHolding) {
      held.push(response);
    } else {
      response.end("{}");
    }
  });
  const endpoint = await listen(server);
  const analytics: TestAnalytics = {
    url: endpoint.url,
    events,
    failing: false,
    hold: () => {
      isHolding = true;
    },
    answer: () => {
      isHolding = false;
      for (const response of held.splice(0)) {
        response.end("{}");
      }
    },
    close: () => endpoint.close(),
  };
  return analytics;
}
