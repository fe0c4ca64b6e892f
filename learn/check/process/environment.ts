import { fileURLToPath } from "node:url";

const cacheFolder = fileURLToPath(new URL("../../../node_modules/.cache/node", import.meta.url));

/**
 * The environment of a learner's service.
 *
 * @param folder for its temporary files, which are left when it is killed
 */
export function serviceEnvironment(libuvThreads: number, folder: string): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  return {
    // A thread of each pool loads the same modules; compiled once is enough.
    NODE_COMPILE_CACHE: cacheFolder,
    ...inherited,
    TMPDIR: folder,
    UV_THREADPOOL_SIZE: String(libuvThreads),
  };
}
