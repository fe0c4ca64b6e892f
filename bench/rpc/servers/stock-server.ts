/** Connect's own adapter on Node's own servers; `--http 1.1` for that, HTTP/2 otherwise. */
import { createServer as createHttp1Server } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { parseArgs } from "node:util";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { listenLocally } from "../../harness/listen.ts";
import { routeEcho } from "./echo.ts";
import { announceServer } from "./serve.ts";

const { values } = parseArgs({ options: { http: { type: "string", default: "2" } } });
const handler = connectNodeAdapter({ routes: routeEcho });
announceServer(
  await listenLocally(
    values.http === "1.1" ? createHttp1Server(handler) : createHttp2Server(handler),
  ),
);
