import type { DescMethod, DescMethodUnary, DescService } from "@bufbuild/protobuf";
import { ExercisesService } from "./gen/unblock/v1/exercises_pb.ts";
import { LabService } from "./gen/unblock/v1/lab_pb.ts";
import { ProgressService } from "./gen/unblock/v1/progress_pb.ts";
import { VitalsService } from "./gen/unblock/v1/vitals_pb.ts";

export const services: readonly DescService[] = [
  ExercisesService,
  VitalsService,
  LabService,
  ProgressService,
];

const methods: readonly DescMethod[] = services.flatMap((service) => service.methods);

/** Names of the schema's unary RPCs, for messages. */
export const unaryRpcNames: readonly string[] = methods
  .filter(({ methodKind }) => methodKind === "unary")
  .map(({ name }) => name);

/** Finds a unary RPC by name: "GetUser" or "unblock.v1.ExercisesService/GetUser". */
export function findMethod(name: string): DescMethodUnary | undefined {
  const method = methods.find(
    (candidate) =>
      candidate.name === name || `${candidate.parent.typeName}/${candidate.name}` === name,
  );
  return method?.methodKind === "unary" ? { ...method, methodKind: "unary" } : undefined;
}
