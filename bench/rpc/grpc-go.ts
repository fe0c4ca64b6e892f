import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { runChild } from "../harness/processes.ts";

const source = fileURLToPath(new URL("./servers/grpc-go", import.meta.url));
/** Ignored by Git. */
const program = fileURLToPath(new URL("../../.unblock/bin/grpc-go-echo", import.meta.url));
/** Includes the download of grpc-go. */
const timeoutMs = 600_000;

/**
 * Builds the server on grpc-go, which takes a second when it is built already. Returns its path.
 *
 * @throws Error when Go is not installed or the build fails
 */
export async function buildGrpcGo(): Promise<string> {
  mkdirSync(dirname(program), { recursive: true });
  const build = runChild(["go", "build", "-C", source, "-o", program, "."], timeoutMs);
  const { code, stderr } = await build.catch((error: NodeJS.ErrnoException) => {
    const hint =
      "Expected Go, to build the server on grpc-go, found none: get it from https://go.dev/dl";
    throw error.code === "ENOENT" ? new Error(hint) : error;
  });
  if (code !== 0) {
    throw new Error(`Expected Go to build the server on grpc-go, got:\n${stderr}`);
  }
  return program;
}
