import type { MessageInitShape } from "@bufbuild/protobuf";
import type { BurstFiguresSchema } from "../../gen/unblock/v1/lab_pb.ts";
import type { Measurement } from "../result.ts";
import { round } from "./round.ts";

/** The figures of one burst, but for the event loop's delay: the server watches that itself. */
export function figuresOf(measurement: Measurement): MessageInitShape<typeof BurstFiguresSchema> {
  const { wallMs, limitMs, ratio, bandMs, withinBand, bystanderP99Ms, errors } = measurement;
  return {
    wallMs: round(wallMs.median),
    limitMs: round(limitMs),
    ...(ratio === null ? {} : { ratio: round(ratio) }),
    bandFromMs: round(bandMs[0]),
    bandToMs: round(bandMs[1]),
    withinBand,
    bystanderP99Ms: round(bystanderP99Ms),
    errors,
  };
}
