/**
 * This project's adapter and listener, with everything that our server does to a call: metrics, logging,
 * limits, validation. `--adapter-only` leaves that out.
 */
import { parseArgs } from "node:util";
import { type DescMethod, isMessage } from "@bufbuild/protobuf";
import type { ConnectRouter } from "@connectrpc/connect";
import { type EchoRequest, EchoRequestSchema, EchoService } from "../../../gen/echo/v1/echo_pb.ts";
import { completeConfig } from "../../../server/config.ts";
import { checkRange, checkText } from "../../../server/exercises/exercise.ts";
import { createLogger } from "../../../server/logger.ts";
import { createAdapter } from "../../../server/rpc/adapter/adapter.ts";
import {
  type Check,
  createInterceptors,
  rejectCrossSiteGets,
} from "../../../server/rpc/interceptors/chain.ts";
import { limitCalls } from "../../../server/rpc/interceptors/overload.ts";
import { listen } from "../../../server/rpc/listener/listener.ts";
import { createMetrics } from "../../../server/rpc/observability/metrics.ts";
import { observeRequests } from "../../../server/rpc/observability/request-log.ts";
import { EventLoopVitals } from "../../../server/vitals/event-loop.ts";
import { announceServer } from "../../harness/serve.ts";

const checkEcho: Check = (request) =>
  isMessage(request, EchoRequestSchema)
    ? [
        ...checkText("text", request.text, 100),
        ...checkRange("number", request.number, 1, 2 ** 31 - 1),
      ]
    : [];

function routes(router: ConnectRouter): void {
  router.service(EchoService, { echo: ({ text, number }: EchoRequest) => ({ text, number }) });
}

function createFullAdapter() {
  const { logLevel, log, maxCalls } = completeConfig({});
  const eventLoop = new EventLoopVitals();
  const logger = createLogger(logLevel, log);
  const limit = limitCalls(maxCalls, []);
  const metrics = createMetrics({
    places: () => [],
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

const { values } = parseArgs({ options: { "adapter-only": { type: "boolean" } } });
const adapter = values["adapter-only"] ? createAdapter({ routes }) : createFullAdapter();
const host = "127.0.0.1";
const { port } = await listen({ host, port: 0 }, adapter);
announceServer(`http://${host}:${port}`);
