import { create } from "@bufbuild/protobuf";
import { ConnectError, createClient } from "@connectrpc/connect";
import { type ClientOptions, openConnection } from "../../client/client.ts";
import { codeName } from "../../client/code-name.ts";
import { PingRequestSchema, VitalsService } from "../../gen/unblock/v1/vitals_pb.ts";
import type { Driver } from "./driver.ts";

/** The generated client, as applications use it, for Connect and gRPC-Web. */
export function createGeneratedDriver(options: ClientOptions): Driver {
  const { transport, close } = openConnection(options);
  return {
    connect: async () => {
      // The transport connects with its first call; whatever that one ends with, it is up then.
      const vitals = createClient(VitalsService, transport);
      await vitals.ping(create(PingRequestSchema)).catch(() => {});
    },
    prepare:
      ({ method, request, header, timeoutMs }) =>
      async () => {
        try {
          const response = await transport.unary(method, undefined, timeoutMs, header, request);
          return { code: "ok", message: "", header: response.header };
        } catch (error) {
          const { code, rawMessage, metadata } = ConnectError.from(error);
          return { code: codeName(code), message: rawMessage, header: metadata };
        }
      },
    close,
  };
}
