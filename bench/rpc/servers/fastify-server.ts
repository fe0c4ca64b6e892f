/** fastify with a JSON schema for request and response, at the path that Connect has. */
import { fastify } from "fastify";
import type { EchoRequest } from "../../../gen/echo/v1/echo_pb.ts";
import { echoPath } from "./echo.ts";
import { announceServer } from "./serve.ts";

const message = {
  type: "object",
  properties: { text: { type: "string" }, number: { type: "integer" } },
} as const;

const app = fastify();
app.post<{ Body: Pick<EchoRequest, "text" | "number"> }>(
  echoPath,
  { schema: { body: message, response: { 200: message } } },
  async ({ body: { text, number } }) => ({ text, number }),
);
announceServer(await app.listen({ host: "127.0.0.1", port: 0 }));
