import { type DescMethod, fromJson, type JsonObject, toBinary } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { findExercise } from "@unblock/proto/exercises";
import { Suitability } from "@unblock/proto/gen/exercise";
import { ServerReflection } from "@unblock/proto/gen/grpc/reflection/v1/reflection_pb";
import { ServerReflection as ServerReflectionAlpha } from "@unblock/proto/gen/grpc/reflection/v1alpha/reflection_pb";
import { Health } from "@unblock/proto/gen/health/v1/health_pb";
import { services } from "@unblock/proto/methods";

/** An RPC of the server with a valid request. */
export interface Target {
  readonly path: string;
  readonly method: DescMethod;
  readonly isUnary: boolean;
  /** Whether it ends soon for every request; other calls need a deadline. */
  readonly endsSoon: boolean;
  /** Whether it may be called by GET. */
  readonly hasGet: boolean;
  readonly json: JsonObject;
  readonly binary: Uint8Array;
  /** Strategies that do not block the event loop, which the test shares. */
  readonly strategies: readonly string[];
}

const samples: Readonly<Record<string, JsonObject>> = {
  GetUser: { user_id: 1 },
  GetWeather: { city: "london" },
  // 0 means a default of many rounds.
  ComputeHash: { data: "abc", rounds: 1 },
  GetCache: { key: "key1" },
  PredictImage: { image_url: "http://example.com/cats/1.png" },
  TrackEvent: { event: "page_view", user_id: 1 },
  GetVitals: { restart_window: true },
  WatchVitals: { interval_ms: 100 },
  Check: { service: "unblock.v1.VitalsService" },
  Watch: { service: "unblock.v1.VitalsService" },
  ServerReflectionInfo: { host: "x", file_containing_symbol: "unblock.v1.VitalsService" },
};

/** All RPCs of the server. */
export const targets: readonly Target[] = [
  ...services,
  Health,
  ServerReflection,
  ServerReflectionAlpha,
].flatMap(({ methods }) => methods.map(createTarget));

function createTarget(method: DescMethod): Target {
  const json = samples[method.name] ?? {};
  const strategies = findExercise(method.name)?.strategies ?? [];
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    method,
    isUnary: method.methodKind === "unary",
    endsSoon: method.methodKind === "unary" && method.name !== "ComputeHash",
    hasGet:
      method.methodKind === "unary" &&
      method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS,
    json,
    binary: toBinary(method.input, fromJson(method.input, json)),
    strategies: strategies
      .filter(({ suitability }) => suitability !== Suitability.FREEZES)
      .map(({ name }) => name),
  };
}
