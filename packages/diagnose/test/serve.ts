import { once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** Serves each path by a function, on a free port of 127.0.0.1, and prints the URL. */
export async function serve(routes: Readonly<Record<string, () => unknown>>): Promise<void> {
  const server = createServer(async (request, response) => {
    try {
      const result = await routes[request.url ?? ""]?.();
      response.end(String(result));
    } catch (error) {
      response.statusCode = 500;
      response.end(String(error));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // The watched loop turns every 20 ms; after its first turn the program counts as loaded.
  await sleep(50);
  const address = server.address();
  if (typeof address !== "object" || address === null) {
    throw new Error(`Expected a port of 127.0.0.1 to listen on, got ${address}`);
  }
  process.stdout.write(`http://127.0.0.1:${address.port}\n`);
}
