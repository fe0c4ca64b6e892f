import { exerciseOf } from "@unblock/proto/exercises";
import { describe, expect, test } from "vitest";
import type { Combination } from "./drivers/create-driver.ts";
import type { Driver } from "./drivers/driver.ts";
import { createRequests } from "./requests/requests.ts";
import { createSender } from "./run/sender.ts";
import { rehearse } from "./warm-up.ts";

const { method } = exerciseOf("E");
const protocols = ["grpc", "grpc-web", "connect"] as const;

const byGet = (["proto", "json"] as const).map((codec) => ({
  ...({ protocol: "connect", httpVersion: "2" } as const),
  ...{ codec, httpGet: true },
}));
const combinations: Combination[] = protocols.flatMap((protocol) =>
  (["2", "1.1"] as const)
    .filter((httpVersion) => protocol !== "grpc" || httpVersion === "2")
    .flatMap((httpVersion) =>
      (["proto", "json"] as const).map((codec) => ({
        ...{ protocol, httpVersion, codec },
        httpGet: false,
      })),
    ),
);

describe("rehearse", () => {
  test.each([...combinations, ...byGet])(
    "succeeds by $protocol over HTTP/$httpVersion in $codec, by GET: $httpGet",
    async (by) => {
      const codes: string[] = [];
      const listening = (driver: Driver): Driver => ({
        ...driver,
        prepare: (call) => {
          const send = driver.prepare(call);
          return (done) =>
            send((result) => {
              codes.push(result.code);
              done(result);
            });
        },
      });
      await rehearse(by, (driver, recorder, seed) =>
        createSender({
          driver: listening(driver),
          method,
          requests: createRequests(method),
          header: {},
          timeoutMs: 0,
          recorder,
          seed,
        }),
      );
      expect(codes).toHaveLength(1_000);
      expect(new Set(codes)).toEqual(new Set(["ok"]));
    },
  );
});
