import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { LabService } from "../../../gen/unblock/v1/lab_pb.ts";
import { ProgressService } from "../../../gen/unblock/v1/progress_pb.ts";
import { VitalsService } from "../../../gen/unblock/v1/vitals_pb.ts";
import { sendToken } from "./token.ts";

const transport = createConnectTransport({
  baseUrl: location.origin,
  useBinaryFormat: true,
  interceptors: [sendToken],
});

export const labClient = createClient(LabService, transport);
export const progressClient = createClient(ProgressService, transport);
export const vitalsClient = createClient(VitalsService, transport);

/** Whoever asks for one answer shall not wait for it forever. */
export const answerWithin = { timeoutMs: 15_000 };
