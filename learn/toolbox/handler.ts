import type { DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { ExercisesService } from "@unblock/proto/gen/exercises";

type Methods = (typeof ExercisesService)["method"];
type Response<Method extends DescMethodUnary> = MessageInitShape<Method["output"]>;

/**
 * Handles an RPC, named as in the generated code, such as "getUser". The request has been
 * validated.
 *
 * `signal` aborts when the client disconnects or the call's deadline passes. In most servers made
 * with Connect it also aborts when the response has been sent.
 */
export type Handler<Name extends keyof Methods> = (
  request: MessageShape<Methods[Name]["input"]>,
  signal: AbortSignal,
) => Response<Methods[Name]> | Promise<Response<Methods[Name]>>;

/** Where the work should run, and why. */
export interface Decision {
  /** One of the exercise's strategies: `npm run learn` lists them. */
  readonly strategy: string;
  /** One line. */
  readonly why: string;
}
