import { createServer as createHttp1Server } from "node:http";
import { createServer as createHttp2Server, createSecureServer } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { Code, ConnectError, type ConnectRouter, type HandlerContext } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import type { Certificates } from "./certificates.ts";
import { change, count, echo, failure, readWish, type Wish } from "./echo-schema.ts";
import { listen, type TestEndpoint } from "./listen.ts";

async function obey({ act }: Wish, { signal }: HandlerContext): Promise<void> {
  if (act === "fail") {
    throw new ConnectError(failure, Code.FailedPrecondition);
  }
  if (act === "hang") {
    await new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  }
}

function routes(router: ConnectRouter): void {
  for (const method of [echo, change]) {
    router.rpc(method, async (request, context) => {
      const { answer, ...wish } = readWish(request);
      context.responseHeader.set("heard", context.requestHeader.get("say") ?? "nothing");
      await obey(wish, context);
      return answer;
    });
  }
  router.rpc(count, async function* (request, context) {
    const { answer, ...wish } = readWish(request);
    context.responseHeader.set("heard", context.requestHeader.get("say") ?? "nothing");
    for (let sent = 0; sent < (wish.count ?? 0); sent++) {
      yield answer;
    }
    await obey(wish, context);
  });
}

/** Serves the echo schema by connect-node, with all of its protocols. */
export function serveConnect(
  httpVersion: "1.1" | "2",
  certificates?: Certificates,
  requestCert = false,
): Promise<TestEndpoint> {
  const handler = connectNodeAdapter({ routes });
  if (certificates === undefined) {
    return listen(httpVersion === "2" ? createHttp2Server(handler) : createHttp1Server(handler));
  }
  const options = {
    ...certificates.server,
    ca: certificates.ca.cert,
    requestCert,
    rejectUnauthorized: requestCert,
  };
  const server =
    httpVersion === "2"
      ? createSecureServer(options, handler)
      : createHttpsServer(options, handler);
  // Tests include clients that the server rejects.
  server.on("tlsClientError", () => {});
  return listen(server, { scheme: "https" });
}
