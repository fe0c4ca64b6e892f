import { create, toBinary } from "@bufbuild/protobuf";
import type { Page } from "playwright-core";
import { WatchVitalsRequestSchema } from "../../gen/unblock/v1/vitals_pb.ts";

/** Has the server tell its vitals ten times as often as the page asks for. */
export async function hurryVitals(page: Page): Promise<void> {
  const message = toBinary(
    WatchVitalsRequestSchema,
    create(WatchVitalsRequestSchema, { intervalMs: 100 }),
  );
  // Connect's envelope: no flags, then the length.
  const envelope = Buffer.alloc(5);
  envelope.writeUInt32BE(message.length, 1);
  await page.route("**/WatchVitals", (route) =>
    route.continue({ postData: Buffer.concat([envelope, message]) }),
  );
}
