import { createHash, randomInt } from "node:crypto";
import type { JsonValue } from "@bufbuild/protobuf";
import type { Exercise } from "@unblock/proto/exercises";
import type { Asked, Mood } from "./world/log.ts";
import { userOf, valueOfKey } from "./world/log.ts";

/** A single call. */
export interface Question {
  readonly request: JsonValue;
  /** A key that the cache forgets before. */
  readonly forget?: string;
}

/** Facts by which responses are judged. */
export interface Known {
  /** Part of the backends' values. */
  readonly mark: string;
  /** Requests at the backends in the window. */
  readonly asked: readonly Asked[];
  /** Responses of the work done right, by the JSON of their requests; of some exercises. */
  readonly answers: ReadonlyMap<string, JsonValue>;
}

/** Values that a response's fields may have; other fields may have any. */
export type RightFields = Readonly<Record<string, readonly JsonValue[]>>;

/** A call while the backends are not as they should be. */
export interface Trouble {
  readonly mood: Mood;
  /** Description, such as "the weather service fails". */
  readonly what: string;
  readonly request: JsonValue;
  /** Whether a right response is possible all the same. */
  readonly mayBeRight: boolean;
}

/** A burst whose callers disconnect in the middle. */
export interface Cancelled {
  /** Description of the work at that time. */
  readonly during: string;
  /** Number of calls, more than a pool has threads, so that some still wait. */
  readonly calls: (cores: number) => number;
  readonly request: (rounds: number) => JsonValue;
  /** Their deadline. @param taskMs CPU work of one call alone */
  readonly deadlineMs: (taskMs: number) => number;
  /** Whether something has to have computed by then. */
  readonly computes?: true;
}

/** The exercise's backend, and how a burst's calls of it overlap when they are made right. */
export interface AskedBackend {
  readonly name: string;
  /** Calls of it per call of the exercise. */
  readonly callsEach: number;
  /** Minimum in progress at once; with fewer a burst can't end within the specification's time. */
  readonly overlap: number;
}

/** The check of an exercise. */
export interface Plan {
  readonly questions: readonly Question[];
  /** Undefined where there is none, or it is the analytics service. */
  readonly backend: AskedBackend | undefined;
  readonly rightFields: (request: JsonValue, known: Known) => RightFields;
  /** Fields whose values no two calls share; undefined where the requests differ anyway. */
  readonly distinct?: readonly string[];
  readonly troubles: readonly Trouble[];
  /** Request of a burst's nth call, from 1; `rounds` of hashing take about 100 ms here. */
  readonly burst: (n: number, rounds: number) => JsonValue;
  /** Calls at once that show whether calls disturb each other. Default: those of the burst. */
  readonly crowd?: number;
  readonly cancelled: readonly Cancelled[];
}

/** Rounds at most that the check computes itself. */
const fewRounds = 1_000;

// Requests differ from run to run, so that no code can recognise a call.
const someId = randomInt(2, 90_000);
const otherId = someId + randomInt(2, 1_000);
const cities = ["london", "oslo", "rome", "quito", "hanoi", "accra", "lima", "perth"];
const someCity = () => cities[randomInt(cities.length)] ?? "london";
const city = someCity();
const words = randomInt(36 ** 5).toString(36);

/** Several times the threads of any pool, so that most calls still wait. */
const moreThanThreads = () => 64;

const plans: Readonly<Record<string, Plan>> = {
  GetUser: {
    questions: [1, someId, otherId, someId].map((id) => ({ request: { user_id: id } })),
    // Three rounds are within the time of the burst.
    backend: { name: "database", callsEach: 1, overlap: 4 },
    rightFields: (request, { mark }) => {
      const id = Number(fieldOf(request, "user_id"));
      const { name, email } = userOf(mark, id);
      return { user_id: [id], name: [name], email: [email] };
    },
    troubles: [
      {
        mood: "right",
        what: "there is no such user",
        request: { user_id: 200_000 },
        mayBeRight: false,
      },
    ],
    burst: (n) => ({ user_id: otherId + n }),
    cancelled: [
      {
        during: "queries run, and others wait",
        calls: moreThanThreads,
        request: () => ({ user_id: someId + 1 }),
        deadlineMs: () => 20,
      },
    ],
  },
  GetWeather: {
    questions: [city, `São Paulo & ${words}`, city].map((city) => ({ request: { city } })),
    backend: { name: "weather", callsEach: 1, overlap: 10 },
    rightFields: (request, { asked }) => {
      const city = fieldOf(request, "city");
      const given = asked.filter((one) => one.backend === "weather" && one.what === city);
      return {
        city: [city],
        temperature: given.map(({ value }) => fieldOf(value, "temperature")),
        conditions: given.map(({ value }) => fieldOf(value, "conditions")),
      };
    },
    troubles: [
      ...troublesOf("the weather service", { city }),
      { mood: "slow", what: "it is slow", request: { city: someCity() }, mayBeRight: true },
    ],
    burst: (n) => ({ city: `${someCity()} ${n}` }),
    cancelled: [
      {
        during: "the requests are on their way",
        calls: moreThanThreads,
        request: () => ({ city: someCity() }),
        deadlineMs: () => 60,
      },
    ],
  },
  ComputeHash: {
    questions: [
      { data: "test", rounds: 1 },
      { data: "test", rounds: 3 },
      { data: "", rounds: 2 },
      { data: `naïve ${words}`, rounds: randomInt(500, fewRounds) },
    ].map((request) => ({ request })),
    backend: undefined,
    rightFields: (request, { answers }) => {
      const rounds = Number(fieldOf(request, "rounds"));
      const algorithm = ["sha256"];
      if (rounds <= fewRounds) {
        return { hash: [chainedHash(String(fieldOf(request, "data")), rounds)], algorithm };
      }
      const known = answers.get(JSON.stringify(request));
      return known === undefined ? { algorithm } : { hash: [fieldOf(known, "hash")], algorithm };
    },
    troubles: [],
    burst: (n, rounds) => ({ data: `${words} ${n}`, rounds }),
    cancelled: [
      {
        during: "hashes are computed, and others wait",
        calls: (cores) => 3 * cores,
        request: (rounds) => ({ data: `${words} 0`, rounds: 3 * rounds }),
        deadlineMs: (taskMs) => taskMs / 2,
      },
    ],
  },
  GetConfig: {
    questions: [{}, {}, {}].map((request) => ({ request })),
    backend: { name: "slow disk", callsEach: 1, overlap: 4 },
    rightFields: (_, { asked }) => {
      const given = asked.filter(({ backend }) => backend === "slow disk").map(configOfAsked);
      return {
        setting_a: given.map((one) => fieldOf(one, "setting_a")),
        setting_b: given.map((one) => fieldOf(one, "setting_b")),
      };
    },
    distinct: ["setting_a", "setting_b"],
    troubles: [{ mood: "empty", what: "the file is empty", request: {}, mayBeRight: false }],
    burst: () => ({}),
    cancelled: [
      {
        during: "the reads go on",
        calls: moreThanThreads,
        request: () => ({}),
        deadlineMs: () => 15,
      },
    ],
  },
  GetCache: {
    questions: [
      { request: { key: words } },
      { request: { key: ` A b ${words} ` } },
      { request: { key: "empty" } },
      { request: { key: "forgotten" }, forget: "forgotten" },
      { request: { key: words } },
    ],
    // Of a hundred: five rounds are within the time of the burst.
    backend: { name: "cache", callsEach: 1, overlap: 20 },
    rightFields: (request, { mark }) => {
      const key = String(fieldOf(request, "key"));
      const hit = key !== "forgotten";
      return { key: [key], value: [hit ? valueOfKey(mark, key) : ""], hit: [hit] };
    },
    troubles: [
      {
        mood: "failing",
        what: "the cache answers with an error",
        request: { key: `${words} failing` },
        mayBeRight: false,
      },
      { mood: "slow", what: "it is slow", request: { key: `${words} slow` }, mayBeRight: true },
    ],
    burst: (n) => ({ key: `${words}${n}` }),
    cancelled: [],
  },
  PredictImage: {
    questions: ["cats/1.png", "dogs/2.png"].map((path) => ({
      request: { image_url: `http://example.com/${path}` },
    })),
    backend: { name: "images", callsEach: 1, overlap: 3 },
    rightFields: (request, { answers }) => {
      const known = answers.get(JSON.stringify(request));
      return known === undefined
        ? {}
        : {
            prediction: [fieldOf(known, "prediction")],
            confidence: [fieldOf(known, "confidence")],
          };
    },
    troubles: troublesOf("the image service", { image_url: `http://example.com/${words}/3.png` }),
    burst: (n) => ({ image_url: `http://example.com/${words}/${n}.png` }),
    cancelled: [
      {
        during: "the pictures are downloaded",
        calls: () => 5,
        request: () => ({ image_url: `http://example.com/${words}/1.png` }),
        deadlineMs: () => 40,
      },
      {
        during: "the pictures are classified, and others wait",
        computes: true,
        calls: (cores) => 3 * cores,
        request: () => ({ image_url: `http://example.com/${words}/2.png` }),
        deadlineMs: (taskMs) => 100 + taskMs / 4,
      },
    ],
  },
  TrackEvent: {
    questions: [],
    backend: undefined,
    rightFields: () => ({ status: ["accepted"] }),
    troubles: [],
    burst: (n) => ({ event: `${words} ${n}`, user_id: someId + n }),
    crowd: 10,
    cancelled: [],
  },
  GetDashboard: {
    questions: [{}, {}].map((request) => ({ request })),
    backend: { name: "services", callsEach: 5, overlap: 5 },
    rightFields: (_, { asked }) =>
      Object.fromEntries(
        [1, 2, 3, 4, 5].map((n) => [
          `service_${n}`,
          asked
            .filter(({ backend }) => backend === `service-${n}`)
            .map(({ value }) => fieldOf(value, "data")),
        ]),
      ),
    distinct: [1, 2, 3, 4, 5].map((n) => `service_${n}`),
    troubles: [
      ...troublesOf("the third of the services", {}),
      { mood: "slow", what: "they are slow", request: {}, mayBeRight: true },
    ],
    burst: () => ({}),
    crowd: 5,
    cancelled: [
      {
        during: "the services are asked",
        calls: () => 5,
        request: () => ({}),
        deadlineMs: () => 50,
      },
    ],
  },
};

/** @throws Error for an exercise without a plan */
export function planOf({ rpc }: Exercise): Plan {
  const plan = plans[rpc];
  if (plan === undefined) {
    throw new Error(`Expected learn/check/plan.ts to say how ${rpc} is checked`);
  }
  return plan;
}

/** Returns a field of a JSON object; null where there is none. */
export function fieldOf(value: unknown, name: string): JsonValue {
  return typeof value === "object" && value !== null && name in value
    ? (Object.entries(value).find(([key]) => key === name)?.[1] ?? null)
    : null;
}

/** Troubles of every HTTP service. */
function troublesOf(service: string, request: JsonValue): readonly Trouble[] {
  return [
    { mood: "failing", what: `${service} fails with status 503`, request, mayBeRight: false },
    { mood: "empty", what: `${service} answers with nothing in it`, request, mayBeRight: false },
  ];
}

function configOfAsked({ value }: Asked): unknown {
  return typeof value === "string" && value !== "" ? JSON.parse(value) : {};
}

function chainedHash(data: string, rounds: number): string {
  let digest = createHash("sha256").update(data).digest();
  for (let round = 1; round < rounds; round++) {
    digest = createHash("sha256").update(digest).digest();
  }
  return digest.toString("hex");
}
