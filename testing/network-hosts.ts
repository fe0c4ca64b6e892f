import { execFileSync } from "node:child_process";
import { type RunningCommand, startCommand } from "./cli.ts";
import { hasProgram } from "./programs.ts";

/** A host of a test's own: a network namespace, with an address and a loopback of its own. */
export interface NetworkHost {
  /** Of the link to the middle. */
  readonly address: string;
  /** The middle's address on that link. */
  readonly gateway: string;
  /** Starts a program of this machine there, in the project's folder. */
  start(program: string, args: readonly string[], env?: Record<string, string>): RunningCommand;
  /** Takes its link down: nothing comes from it or gets to it any more, and nobody is told. */
  unplug(): void;
}

export interface Network {
  /** Is linked with each of the others, which are not with each other. */
  readonly middle: Pick<NetworkHost, "start">;
  readonly hosts: readonly [NetworkHost, NetworkHost];
  /** Nothing of it may still run. */
  close(): void;
}

/** Whether this machine lets us make hosts. In CI it must. */
export function canMakeHosts(): boolean {
  return hasProgram("ip") && process.getuid?.() === 0;
}

/** Two hosts with a third one between them. None of them reaches any network but these two links. */
export function makeNetwork(): Network {
  const names = ["middle", "one", "two"].map((name) => `unblock-${process.pid}-${name}`);
  const [middle = "", ...outer] = names;
  const close = () => {
    process.off("exit", close);
    for (const name of names) {
      try {
        ip("netns", "delete", name);
      } catch {
        // It was not made.
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
