import { parseArgs } from "node:util";

// libuv reads its pool's size when the pool is first used, and to load a module uses it. So this
// comes first, and everything else is loaded after it.
const { values } = parseArgs({
  options: { "libuv-threads": { type: "string" } },
  strict: false,
});
const threads = values["libuv-threads"] ?? (process.env.UV_THREADPOOL_SIZE || 16);
process.env.UV_THREADPOOL_SIZE = String(threads);

const { run } = await import("./command.ts");
await run(process.argv);
