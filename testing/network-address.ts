import { networkInterfaces } from "node:os";

/** An IPv4 address of this machine that is no loopback address; undefined when it has none. */
export function networkAddress(): string | undefined {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal)?.address;
}
