import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:http2";

/**
 * A program that keeps silent calls open until it is stopped. Over HTTP/2 it opens the requested count of connections,
 * each with a call of Health/Watch, the first also with a very long computation; over HTTP/1.1 one with Health/Watch.
 */
const [url = "", connections = "1", ca] = process.argv.slice(2);
const watchPath = "/grpc.health.v1.Health/Watch";
const options = ca === undefined ? {} : { ca };

function post(session: ReturnType<typeof connect>, path: string, type: string, body: Uint8Array) {
  const stream = session.request({ ":method": "POST", ":path": path, "content-type": type });
  stream.on("error", () => {}).resume();
  stream.end(body);
  return stream;
}

const sessions = Array.from({ length: Number(connections) }, () => connect(url, options));
const watches = sessions.map((session) => {
  session.on("error", () => {});
  return once(post(session, watchPath, "application/grpc", Buffer.alloc(5)), "response");
});
await Promise.all(watches);
const [first] = sessions;
if (first !== undefined) {
  const body = Buffer.from('{"data":"test","rounds":10000000}');
  post(first, "/unblock.v1.ExercisesService/ComputeHash", "application/json", body);
}
if (ca === undefined) {
  const headers = { "content-type": "application/connect+json" };
  const call = request(`${url}${watchPath}`, { method: "POST", headers });
  call.on("error", () => {});
  // One message without fields.
  call.end(Buffer.from("\0\0\0\0\x02{}", "latin1"));
  const [response] = await once(call, "response");
  response.on("error", () => {}).resume();
}
process.stdout.write("open\n");
