import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { openConnection, protocols } from "@unblock/client/client";
import { ExercisesService } from "@unblock/proto/gen/exercises";
import { toCallFailure } from "./failures.ts";

/** How a call ended. */
export interface Outcome {
  readonly rpc: string;
  /** "ok", or the name of the code, such as "unavailable"; "wrong" for a wrong response. */
  readonly code: string;
  /** Stable code of the server's error, such as "UNBLOCK_SHUTTING_DOWN"; undefined when it has none. */
  readonly error: string | undefined;
}

type Exercises = Client<typeof ExercisesService>;

/** Calls of an RPC. `isRight` makes call number `n`, and checks the response. */
interface Kind {
  readonly rpc: string;
  readonly calls: number;
  readonly isRight: (exercises: Exercises, n: number) => Promise<boolean>;
}

/** So many rounds that no machine finishes within the time in which a server closes. */
const endlessRounds = 10_000_000;

const hashIn = (strategy: string) => async (exercises: Exercises, n: number) => {
  const request = { data: `hash ${n}`, rounds: endlessRounds };
  const { hash } = await exercises.computeHash(request, strategyHeader(strategy));
  return /^[\da-f]{64}$/.test(hash);
};

/** Four calls that block four threads while the backends are blocked. */
export const blockingCalls: readonly Kind[] = [
  {
    rpc: "GetConfig",
    calls: 4,
    isRight: async (exercises) => {
      const { settingA, settingB } = await exercises.getConfig({}, strategyHeader("blocking-pool"));
      return settingA === "value1" && settingB === "value2";
    },
  },
];

/** 196 calls that wait, block, compute and queue. */
export const mixedCalls: readonly Kind[] = [
  {
    rpc: "GetUser",
    calls: 36,
    isRight: async (exercises, n) => {
      const { userId, name } = await exercises.getUser({ userId: n });
      return userId === n && name === `User ${n}`;
    },
  },
  {
    rpc: "GetWeather",
    calls: 40,
    isRight: async (exercises, n) => {
      const { city, temperature } = await exercises.getWeather({ city: `city ${n}` });
      return city === `city ${n}` && temperature === 22;
    },
  },
  {
    rpc: "GetDashboard",
    calls: 20,
    isRight: async (exercises) => {
      const { service1, service5 } = await exercises.getDashboard({});
      return service1 === "data_1" && service5 === "data_5";
    },
  },
  { rpc: "ComputeHash", calls: 60, isRight: hashIn("cpu-pool") },
  { rpc: "ComputeHash", calls: 40, isRight: hashIn("processes") },
];

/** Opens a connection for each protocol over HTTP/2, and one over HTTP/1.1. */
export function openTransports(baseUrl: string): Transport[] {
  const overHttp2 = protocols.map((protocol) => openConnection({ baseUrl, protocol }).transport);
  return [...overHttp2, createConnectTransport({ baseUrl, httpVersion: "1.1" })];
}

/** Makes all calls at once, on the connections in turn. */
export function callAll(
  transports: readonly Transport[],
  kinds: readonly Kind[],
): Promise<Outcome>[] {
  const clients = transports.map((transport) => createClient(ExercisesService, transport));
  return kinds.flatMap(({ rpc, calls, isRight }) =>
    Array.from({ length: calls }, async (_, index) => {
      const client = clients[index % clients.length];
      if (client === undefined) {
        throw new Error("Expected at least one transport");
      }
      try {
        const code = (await isRight(client, index + 1)) ? "ok" : "wrong";
        return { rpc, code, error: undefined };
      } catch (error) {
        const failure = toCallFailure(error);
        return { rpc, code: failure.code, error: failure.error };
      }
    }),
  );
}

function strategyHeader(strategy: string) {
  return { headers: { "unblock-strategy": strategy } };
}
