import type { Interceptor } from "@connectrpc/connect";
import { Failure } from "../../errors.ts";
import { callerKey } from "../adapter/caller.ts";
import { assertOwnHost, assertOwnOrigin } from "./lab-guard.ts";

/**
 * Lets only callers of this machine call a service: on a connection from a loopback address, under a
 * name of this machine, and no page of another site. A token does not change that: what the service
 * writes belongs to the person at this machine.
 *
 * @param port known once the server listens, which is before anybody calls
 */
export function allowLoopbackOnly(port: () => number): Interceptor {
  return (next) => (request) => {
    const url = URL.parse(request.url);
    const peer = request.contextValues.get(callerKey)?.socket?.remoteAddress;
    if (peer === undefined || !isLoopbackAddress(peer)) {
      throw new Failure("UNBLOCK_CALLER_NOT_LOCAL", {});
    }
    assertOwnHost(url, port());
    assertOwnOrigin(url, request.header.get("origin"));
    return next(request);
  };
}

/** Also an IPv4 address as a dual-stack socket shows it. */
function isLoopbackAddress(address: string): boolean {
  return address === "::1" || /^(::ffff:)?127(\.\d{1,3}){3}$/.test(address);
}
