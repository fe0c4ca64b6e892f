import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

// libuv reads its pool's size at the pool's first use, and loading a module uses it. So this comes
// before all other imports.
const { values } = parseArgs({
  options: { "libuv-threads": { type: "string" } },
  strict: false,
});
const threads = values["libuv-threads"] ?? (process.env.UV_THREADPOOL_SIZE || 16);
process.env.UV_THREADPOOL_SIZE = String(threads);

// Inherited by threads and children through the environment. Without a writable folder, there is no
// cache.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(
  new URL("../node_modules/.cache/node", import.meta.url),
);
enableCompileCache(process.env.NODE_COMPILE_CACHE);

const { run } = await import("./command.ts");
await run(process.argv);
