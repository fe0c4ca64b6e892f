import type { ConnectRouter } from "@connectrpc/connect";
import { type EchoRequest, EchoService } from "../../../gen/echo/v1/echo_pb.ts";

export const echoPath = `/${EchoService.typeName}/${EchoService.method.echo.name}`;

export function routeEcho(router: ConnectRouter): void {
  router.service(EchoService, {
    echo: ({ text, number }: EchoRequest) => ({ text, number }),
  });
}
