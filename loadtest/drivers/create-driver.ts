import type { Protocol } from "../../client/client.ts";
import type { Driver } from "./driver.ts";
import { createGeneratedDriver } from "./generated.ts";
import { createGrpcDriver } from "./grpc.ts";

/** The fastest driver for a protocol. */
export function createDriver(baseUrl: string, protocol: Protocol): Driver {
  return protocol === "grpc"
    ? createGrpcDriver(baseUrl)
    : createGeneratedDriver({ baseUrl, protocol });
}
