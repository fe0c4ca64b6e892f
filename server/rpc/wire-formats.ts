import { Code, ConnectError } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import { compressions as uncheckedCompressions } from "./adapter/compressions.ts";

/** How messages are read and written as JSON. */
export const jsonOptions = {
  // `hit: false` and `user_id: 0` are part of the answer, so they are not left out.
  alwaysEmitImplicit: true,
  // Without it, bytes that are no UTF-8 would become other characters, and nobody would be told.
  textDecoder: new TextDecoder("utf-8", { fatal: true }),
};

/** The compressions that a caller may use. */
export const compressions: Compression[] = uncheckedCompressions.map(refuseCutOff);

/** Connect calls a compressed message that is cut off its own failure; it is the caller's. */
function refuseCutOff(compression: Compression): Compression {
  return {
    ...compression,
    decompress: async (bytes, readMaxBytes) => {
      try {
        return await compression.decompress(bytes, readMaxBytes);
      } catch (error) {
        throw isCutOff(error)
          ? new ConnectError(
              `Expected a message compressed with ${compression.name}, got one that is cut off.`,
              Code.InvalidArgument,
            )
          : error;
      }
    },
  };
}

function isCutOff(error: unknown): boolean {
  const { cause } = ConnectError.from(error);
  return cause instanceof Error && "code" in cause && cause.code === "Z_BUF_ERROR";
}
