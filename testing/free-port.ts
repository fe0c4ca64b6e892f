import { createServer } from "node:net";
import { listen } from "./listen.ts";

/** A port that nothing listens on: it was free a moment ago. */
export async function freePort(): Promise<number> {
  const endpoint = await listen(createServer());
  await endpoint.close();
  return endpoint.port;
}
