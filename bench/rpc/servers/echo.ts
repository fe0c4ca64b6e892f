import type { ConnectRouter, ServiceImpl } from "@connectrpc/connect";
import { EchoService } from "@unblock/proto/gen/echo/v1/echo_pb";

const echo: ServiceImpl<typeof EchoService> = {
  echo: ({ text, number }) => ({ text, number }),
  repeat: async function* ({ bytes, times }) {
    const payload = new Uint8Array(bytes);
    for (let sent = 0; sent < times; sent++) {
      yield { payload };
    }
  },
  count: async (requests) => {
    let messages = 0;
    for await (const _ of requests) {
      messages++;
    }
    return { messages };
  },
  mirror: async function* (requests) {
    for await (const { payload } of requests) {
      yield { payload };
    }
  },
};

/** The echo service for Connect's router. */
export function routes(router: ConnectRouter): void {
  router.service(EchoService, echo);
}
