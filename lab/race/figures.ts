import type { MessageInitShape } from "@bufbuild/protobuf";
import type { BurstFiguresSchema } from "../../gen/unblock/v1/lab_pb.ts";
import type { Measurement } from "../measurement.ts";
import { round } from "./round.ts";

/** The figures of one burst, but for the event loop's delay: the server watches that itself. */
export function figuresOf(measurement: Measurement): MessageInitShape<typeof BurstFiguresSchema> {
  const { wallMs, idealMs, ratio, expectedMs, withinExpected, probeP99Ms, errors } = measurement;
  const { inconclusive = "" } = measurement;
  return {
    wallMs: round(wallMs.median),
    limitMs: round(idealMs),
    ...(ratio === null ? {} : { ratio: round(ratio) }),
    bandFromMs: round(expectedMs[0]),
    bandToMs: round(expectedMs[1]),
    withinBand: withinExpected === true,
    bystanderP99Ms: round(probeP99Ms),
    errors,
    inconclusive,
  };
}
