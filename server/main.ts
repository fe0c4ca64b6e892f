import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

// libuv reads its pool's size when the pool is first used, and to load a module uses it. So this
// comes first, and everything else is loaded after it.
const { values } = parseArgs({
  options: { "libuv-threads": { type: "string" } },
  strict: false,
});
const threads = values["libuv-threads"] ?? (process.env.UV_THREADPOOL_SIZE || 16);
process.env.UV_THREADPOOL_SIZE = String(threads);

// Threads and children have the cache from the environment. Where it can't be written they do without.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(
  new URL("../node_modules/.cache/node", import.meta.url),
);
enableCompileCache(process.env.NODE_COMPILE_CACHE);

const { run } = await import("./command.ts");
await run(process.argv);
