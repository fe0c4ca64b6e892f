import { spawn } from "node:child_process";
import { analyticsUrl } from "@unblock/learn/toolbox/analytics";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "background",
  why: "curl sends the event, detached, so that it outlives the service.",
};

export const handler: Handler<"trackEvent"> = ({ event, userId }) => {
  const body = JSON.stringify({ event, user_id: userId });
  const args = ["--silent", "--header", "content-type: application/json", "--data", body];
  spawn("curl", [...args, analyticsUrl()], { detached: true, stdio: "ignore" }).unref();
  return { status: "accepted" };
};
