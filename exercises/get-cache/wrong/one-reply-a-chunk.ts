import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { cacheKey, cacheUrl } from "@unblock/learn/toolbox/cache";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "async",
  why: "Redis speaks a simple protocol, and one socket carries all commands.",
};

const waiting: ((reply: string) => void)[] = [];
let socket: Promise<Socket> | undefined;

async function open(): Promise<Socket> {
  const { hostname, port } = new URL(cacheUrl());
  const opened = connect({ host: hostname, port: Number(port) });
  opened.setEncoding("utf8");
  opened.on("error", () => {});
  await once(opened, "connect");
  opened.on("data", (reply: string) => waiting.shift()?.(reply));
  return opened;
}

async function command(...words: string[]): Promise<string> {
  socket ??= open();
  const ready = await socket;
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return new Promise((resolve) => {
    waiting.push(resolve);
    ready.write(`*${words.length}\r\n${parts.join("")}`);
  });
}

export const handler: Handler<"getCache"> = async ({ key }) => {
  const reply = await command("GET", cacheKey(key));
  if (reply.startsWith("-")) throw new Error(reply.trim());
  const hit = !reply.startsWith("$-1");
  return { key, value: hit ? (reply.split("\r\n")[1] ?? "") : "", hit };
};
