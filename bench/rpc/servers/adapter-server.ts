/** Our adapter behind our listener, with no interceptors. */
import { createAdapter } from "../../../server/rpc/adapter/adapter.ts";
import { listen } from "../../../server/rpc/listener/listener.ts";
import { routeEcho } from "./echo.ts";
import { announceServer } from "./serve.ts";

const host = "127.0.0.1";
const { port } = await listen({ host, port: 0 }, createAdapter({ routes: routeEcho }));
announceServer(`http://${host}:${port}`);
