import { createAdapter } from "@unblock/connect/adapter/adapter";
import { listen } from "@unblock/connect/listener/listener";
import { GreetService } from "./gen/greet/v1/greet_pb.ts";

const adapter = createAdapter({
  routes: (router) =>
    router.service(GreetService, {
      greet: ({ name }) => ({ greeting: `Hello, ${name}` }),
      async *greetMany({ names }) {
        for (const name of names) {
          yield { greeting: `Hello, ${name}` };
        }
      },
    }),
});
const port = Number(process.env.PORT ?? 8080);
const listener = await listen({ host: "127.0.0.1", port }, adapter);
console.log(`http://127.0.0.1:${listener.port}`);
process.once("SIGTERM", () => listener.drain());
