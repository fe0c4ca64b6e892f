import { createServer } from "node:http";
import { createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { VitalsService } from "@unblock/proto/gen/vitals";
import { listen } from "@unblock/test/listen";
import { expect, test } from "vitest";
import { createAdapter } from "./adapter.ts";

/** Pings through an interceptor. Returns the headers that the handler and the caller received. */
async function pingThrough(interceptor: Interceptor) {
  let heard: string | null = null;
  const { handleRequest } = createAdapter({
    routes: (router) =>
      router.service(VitalsService, {
        ping: (_, { requestHeader, responseHeader, responseTrailer }) => {
          heard = requestHeader.get("say");
          responseHeader.set("said", "yes");
          responseTrailer.set("after", "that");
          return {};
        },
      }),
    interceptors: [interceptor],
  });
  const endpoint = await listen(createServer(handleRequest));
  const transport = createConnectTransport({ baseUrl: endpoint.url, httpVersion: "1.1" });
  let said: string | null = null;
  let after: string | null = null;
  await createClient(VitalsService, transport).ping(
    {},
    {
      headers: { say: "it" },
      onHeader: (header) => {
        said = header.get("said");
      },
      onTrailer: (trailer) => {
        after = trailer.get("after");
      },
    },
  );
  await endpoint.close();
  return { heard, said, after };
}

test.each<[string, Interceptor]>([
  ["passes request and response on", (next) => (request) => next(request)],
  [
    "passes copies on",
    (next) => async (request) => {
      const response = await next({ ...request });
      return { ...response };
    },
  ],
  [
    "reads all headers before and after",
    (next) => async (request) => {
      expect(request.header.get("say")).toBe("it");
      const response = await next(request);
      expect(response.header.get("said")).toBe("yes");
      expect(response.trailer.get("after")).toBe("that");
      return response;
    },
  ],
])("an interceptor that %s changes nothing", async (_, interceptor) => {
  expect(await pingThrough(interceptor)).toEqual({
    heard: "it",
    said: "yes",
    after: "that",
  });
});

test("lets an interceptor change headers in place", async () => {
  const heard = await pingThrough((next) => async (request) => {
    request.header.set("say", "more");
    const response = await next(request);
    response.header.set("said", "no");
    response.trailer.delete("after");
    return response;
  });
  expect(heard).toEqual({ heard: "more", said: "no", after: null });
});
