/**
 * This project's adapter and listener, with everything that our server does to a call: metrics, logging,
 * limits, validation. `--adapter-only` leaves that out, `--tls` serves over TLS.
 */
import { parseArgs } from "node:util";
import { type DescMethod, isMessage } from "@bufbuild/protobuf";
import { createAdapter } from "@unblock/connect/adapter/adapter";
import {
  type Check,
  createInterceptors,
  rejectCrossSiteGets,
} from "@unblock/connect/interceptors/chain";
import { limitCalls } from "@unblock/connect/interceptors/overload";
import { defaultConnectionLimits } from "@unblock/connect/listener/limits";
import { listen } from "@unblock/connect/listener/listener";
import { createMetrics } from "@unblock/connect/observability/metrics";
import { observeRequests } from "@unblock/connect/observability/request-log";
import { checkRange, checkText } from "@unblock/exercises/exercise";
import { EventLoopVitals } from "@unblock/measure/event-loop";
import { EchoRequestSchema, EchoService } from "@unblock/proto/gen/echo/v1/echo_pb";
import { completeConfig } from "@unblock/server/config";
import { createLogger } from "@unblock/terminal/logger";
import { announce, createCertificate } from "../../harness/serve.ts";
import { routes } from "./echo.ts";

const checkEcho: Check = (request) =>
  isMessage(request, EchoRequestSchema)
    ? [
        ...checkText("text", request.text, 100),
        ...checkRange("number", request.number, 1, 2 ** 31 - 1),
      ]
    : [];

function createFullAdapter() {
  const { logLevel, log, maxCalls } = completeConfig({});
  const eventLoop = new EventLoopVitals();
  const logger = createLogger(logLevel, log);
  const limit = limitCalls(maxCalls, []);
  const metrics = createMetrics({
    executors: () => [],
    eventLoop,
    callsInProgress: () => limit.inProgress,
  });
  return createAdapter({
    routes,
    interceptors: createInterceptors({
      logger,
      crossSite: rejectCrossSiteGets(() => false),
      limit,
      checks: new Map<DescMethod, Check>([[EchoService.method.echo, checkEcho]]),
    }),
    jsonOptions: { alwaysEmitImplicit: true },
    observer: observeRequests(metrics, logger),
  });
}

const { values } = parseArgs({
  options: { "adapter-only": { type: "boolean" }, tls: { type: "boolean" } },
});
const adapter = values["adapter-only"] ? createAdapter({ routes }) : createFullAdapter();
const host = "127.0.0.1";
const { port } = await listen(
  {
    host,
    port: 0,
    tls: values.tls ? await createCertificate() : undefined,
    // All connections come from one address, which may have half of them.
    connectionLimits: { ...defaultConnectionLimits, maxConnections: 25_000 },
  },
  adapter,
);
announce(`${values.tls ? "https" : "http"}://${host}:${port}`);
