import { Http2Transport } from "../client/index.ts";

const url = new URL(process.argv[2] ?? "http://127.0.0.1:8080");
const transport = new Http2Transport({ url, connections: 2, tls: { insecure: false } });
await transport.connect();

// Encoded once, sent many times.
const fields = { "content-type": "text/plain" };
const request = transport.prepare({ method: "POST", path: "/echo", fields }, Buffer.from("hello"));
const calls = Array.from({ length: 3 }, () => {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = "";
  request.send({
    head: (status) => {
      text = `${status} `;
    },
    data: (chunk) => {
      text += chunk.toString();
    },
    trailers: (trailers) => {
      text += ` ${trailers.get("x-checked")}`;
    },
    end: () => resolve(text),
    fail: ({ message }) => reject(new Error(message)),
  });
  return promise;
});
console.log(await Promise.all(calls));
transport.close();
