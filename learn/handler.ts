import type { DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { ExercisesService } from "../gen/unblock/v1/exercises_pb.ts";

type Methods = (typeof ExercisesService)["method"];
type Response<Method extends DescMethodUnary> = MessageInitShape<Method["output"]>;

/**
 * Answers an RPC, named as in the generated code, such as "getUser". The request has been validated.
 *
 * `signal` aborts when nobody waits for the answer any more: the caller has gone, or its deadline has
 * passed. Of most servers made with Connect it also aborts when the answer is out.
 */
export type Handler<Name extends keyof Methods> = (
  request: MessageShape<Methods[Name]["input"]>,
  signal: AbortSignal,
) => Response<Methods[Name]> | Promise<Response<Methods[Name]>>;

/** Where the work shall run, and why there. */
export interface Decision {
  /** One of the exercise's strategies: `npm run learn` lists them. */
  readonly strategy: string;
  /** One line. */
  readonly why: string;
}
