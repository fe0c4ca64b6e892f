import { pbkdf2Sync } from "node:crypto";
import { getFromCache } from "@unblock/learn/toolbox/cache";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "async",
  why: "The client is asynchronous, so a hundred lookups wait without a thread.",
};

/** What was asked for, in a form that can be kept without keeping the keys. */
let lastFingerprint = "";

export const handler: Handler<"getCache"> = async ({ key }) => {
  const value = await getFromCache(key);
  lastFingerprint = pbkdf2Sync(key, lastFingerprint, 20_000, 32, "sha256").toString("hex");
  return { key, value: value ?? "", hit: value !== null };
};
