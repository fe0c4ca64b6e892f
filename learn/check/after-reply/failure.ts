import type { JsonValue } from "@bufbuild/protobuf";
import type { Problem } from "../../service/handler-calls.ts";
import { callMs } from "../limits.ts";
import type { Session } from "../session.ts";
import { after } from "./after.ts";
import type { Analytics } from "./analytics.ts";

/** Between two looks, in milliseconds. */
const pollMs = 20;
/** How often somebody looks whether the failure has been noticed. */
const looks = 40;

/** Has analytics refuse an event. @returns what was rejected in the service, and nobody looked */
export async function refuseEvent(
  { service, callers }: Session,
  analytics: Analytics,
  request: JsonValue,
): Promise<readonly Problem[]> {
  const failedTasks = async () => {
    const { places } = await callers.vitals();
    return places.find(({ name }) => name === "background")?.failed ?? 0;
  };
  const before = await failedTasks();
  await service.begin();
  await service.within(callMs, "did not answer", callers.call(request));
  const event = await analytics.next(looks * pollMs);
  event?.refuse();
  for (let look = 0; look < looks; look++) {
    const { rejections } = await service.observe();
    if (rejections.length > 0 || (await failedTasks()) > before) {
      return rejections;
    }
    await after(pollMs);
  }
  return [];
}
