/** The same with all that our server does to every call: metrics, logging, limits, validation. */
import { type DescMethod, isMessage } from "@bufbuild/protobuf";
import { EchoRequestSchema, EchoService } from "../../../gen/echo/v1/echo_pb.ts";
import { completeConfig } from "../../../server/config.ts";
import { checkRange, checkText } from "../../../server/exercises/exercise.ts";
import { createLogger } from "../../../server/logger.ts";
import { createAdapter } from "../../../server/rpc/adapter/adapter.ts";
import { createInterceptors } from "../../../server/rpc/interceptors/chain.ts";
import { rejectCrossSiteGets } from "../../../server/rpc/interceptors/cross-site.ts";
import { limitCalls } from "../../../server/rpc/interceptors/overload.ts";
import type { Check } from "../../../server/rpc/interceptors/validation.ts";
import { listen } from "../../../server/rpc/listener/listener.ts";
import { createMetrics } from "../../../server/rpc/observability/metrics.ts";
import { observeRequests } from "../../../server/rpc/observability/observe-requests.ts";
import { EventLoopVitals } from "../../../server/vitals/event-loop.ts";
import { routeEcho } from "./echo.ts";
import { announceServer } from "./serve.ts";

const { host, logLevel, log, maxCalls } = completeConfig({});
const eventLoop = new EventLoopVitals();
const checkEcho: Check = (request) =>
  isMessage(request, EchoRequestSchema)
    ? [
        ...checkText("text", request.text, 100),
        ...checkRange("number", request.number, 1, 2 ** 31 - 1),
      ]
    : [];
const logger = createLogger(logLevel, log);
const limit = limitCalls(maxCalls, []);
const metrics = createMetrics({
  places: () => [],
  eventLoop,
  callsInProgress: () => limit.inProgress,
});
const interceptors = createInterceptors({
  logger,
  crossSite: rejectCrossSiteGets(() => false),
  limit,
  checks: new Map<DescMethod, Check>([[EchoService.method.echo, checkEcho]]),
});
const adapter = createAdapter({
  routes: routeEcho,
  interceptors,
  jsonOptions: { alwaysEmitImplicit: true },
  observer: observeRequests(metrics, logger),
});
const { port } = await listen({ host, port: 0 }, adapter);
announceServer(`http://${host}:${port}`);
