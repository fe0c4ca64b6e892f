import { fromJson, toJson } from "@bufbuild/protobuf";
import {
  type LoadRequest,
  LoadRequestSchema,
  type LoadResponse,
  LoadResponseSchema,
  type LoadRun,
} from "../../gen/unblock/v1/lab_pb.ts";
import type { LoadOrder } from "../../registry/fired-runs.ts";
import { fireFrom } from "./firing-process.ts";

const main = new URL("../../lab/load/main.ts", import.meta.url);

export interface LoadOptions extends Pick<LoadOrder, "baseUrl"> {
  readonly signal: AbortSignal;
  /** Where intervals and figures go. */
  readonly run: LoadRun;
}

/**
 * Has a load made, and tells of it.
 *
 * @returns what happened, in a sentence or two
 */
export async function* load(
  request: LoadRequest,
  { baseUrl, signal, run }: LoadOptions,
): AsyncGenerator<LoadResponse["event"], string> {
  const order: LoadOrder = { baseUrl, request: toJson(LoadRequestSchema, request) };
  let sentence = "";
  for await (const told of fireFrom({ main, order, signal })) {
    if (told.kind !== "event") {
      continue;
    }
    const { event } = fromJson(LoadResponseSchema, told.event);
    if (event.case === "kept") {
      sentence = event.value.sentence;
      continue;
    }
    if (event.case === "interval") {
      run.intervals.push(event.value);
    } else if (event.case === "ended") {
      run.figures = event.value;
    }
    yield event;
  }
  return sentence;
}
