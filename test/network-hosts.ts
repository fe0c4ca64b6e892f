import { execFileSync } from "node:child_process";
import { type RunningCommand, startCommand } from "./cli.ts";
import { hasProgram } from "./programs.ts";

/** A host of a test's own: a network namespace with its own address and loopback. */
export interface NetworkHost {
  /** Address on the link to the middle. */
  readonly address: string;
  /** Address of the middle on that link. */
  readonly gateway: string;
  /** Starts a program of this machine on the host, in the folder of the project. */
  start(program: string, args: readonly string[], env?: Record<string, string>): RunningCommand;
  /** Takes its link down: packets from and to it are lost silently. */
  unplug(): void;
}

export interface Network {
  /** Linked with each of the other two hosts, which are not linked with each other. */
  readonly middle: Pick<NetworkHost, "start">;
  readonly hosts: readonly [NetworkHost, NetworkHost];
  /** To be called when no program runs on the hosts any more. */
  close(): void;
}

/** Whether network namespaces can be made. Throws in CI if `ip` is not installed. */
export function canMakeHosts(): boolean {
  return hasProgram("ip") && process.getuid?.() === 0;
}

/** Makes two hosts with a third one between them. They reach no other network than these two links. */
export function makeNetwork(): Network {
  const names = ["middle", "one", "two"].map((name) => `unblock-${process.pid}-${name}`);
  const [middle = "", ...outer] = names;
  const close = () => {
    process.off("exit", close);
    for (const name of names) {
      try {
        ip("netns", "delete", name);
      } catch {
        // It does not exist.
      }
    }
  };
  process.once("exit", close);
  for (const name of names) {
    ip("netns", "add", name);
    ip("-n", name, "link", "set", "lo", "up");
  }
  const link = (name: string, number: number): NetworkHost => {
    const [gateway, address] = [`10.213.${number}.1`, `10.213.${number}.2`];
    const [near, far] = [`to-${number}`, "to-middle"];
    ip("-n", middle, "link", "add", near, "type", "veth", "peer", "name", far, "netns", name);
    ip("-n", middle, "address", "add", `${gateway}/30`, "dev", near);
    ip("-n", middle, "link", "set", near, "up");
    ip("-n", name, "address", "add", `${address}/30`, "dev", far);
    ip("-n", name, "link", "set", far, "up");
    const unplug = () => ip("-n", name, "link", "set", far, "down");
    return { address, gateway, start: startIn(name), unplug };
  };
  const [one = "", two = ""] = outer;
  return { middle: { start: startIn(middle) }, hosts: [link(one, 1), link(two, 2)], close };
}

function startIn(name: string): NetworkHost["start"] {
  return (program, args, env) => startCommand("ip", ["netns", "exec", name, program, ...args], env);
}

function ip(...args: readonly string[]): void {
  execFileSync("ip", args, { stdio: "pipe" });
}
