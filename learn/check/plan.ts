import { createHash, randomInt } from "node:crypto";
import type { JsonValue } from "@bufbuild/protobuf";
import type { Exercise } from "../../registry/exercises.ts";
import type { Asked, Mood } from "./world/log.ts";
import { userOf, valueOfKey } from "./world/log.ts";

/** A request that is made alone. */
export interface Question {
  readonly request: JsonValue;
  /** A key that the cache is to forget before. */
  readonly forget?: string;
}

/** What answers are judged by. */
export interface Known {
  /** The world's, which values have in them. */
  readonly mark: string;
  /** What the backends were asked in the window. */
  readonly asked: readonly Asked[];
  /** What the work answers when it is done right, by the request's JSON; of some exercises. */
  readonly answers: ReadonlyMap<string, JsonValue>;
}

/** The values that a response's fields may have; a field that is not here may have any. */
export type RightFields = Readonly<Record<string, readonly JsonValue[]>>;

/** A call in a world that is not as it should be. */
export interface Trouble {
  readonly mood: Mood;
  /** What is wrong, for people: "the weather service fails". */
  readonly what: string;
  readonly request: JsonValue;
  /** Whether a right answer may come all the same, and not only a failure. */
  readonly mayBeRight: boolean;
}

/** Calls that are given up in the middle. */
export interface GivenUp {
  /** What the work is doing then, for people. */
  readonly during: string;
  /** How many calls: more than a pool has seats, so that some are still waiting. */
  readonly calls: (cores: number) => number;
  readonly request: (rounds: number) => JsonValue;
  /** Their deadline. @param taskMs what the CPU work of one takes alone */
  readonly deadlineMs: (taskMs: number) => number;
  /** Whether it counts only when something was computed by then. */
  readonly computes?: true;
}

/** A backend, and how a burst's calls of it overlap when they are made right. */
export interface AskedBackend {
  readonly name: string;
  /** How many calls of it each of the exercise's makes. */
  readonly callsEach: number;
  /**
   * How many of a burst are in progress at once, at least: with fewer the burst can't end within the
   * specification's time, whatever the machine.
   */
  readonly overlap: number;
}

/** How an exercise is checked. */
export interface Plan {
  readonly questions: readonly Question[];
  /** The backend that is asked; undefined where there is none, or where it is the check that plays it. */
  readonly backend: AskedBackend | undefined;
  readonly rightFields: (request: JsonValue, known: Known) => RightFields;
  /** The fields whose values no two calls share; undefined where each request has its own answer anyway. */
  readonly distinct?: readonly string[];
  readonly troubles: readonly Trouble[];
  /** The request of a burst's call `n`, from 1; `rounds` of hashing take about 100 ms here. */
  readonly burst: (n: number, rounds: number) => JsonValue;
  /**
   * How many calls are made at once to see whether they disturb each other, where a burst has only one;
   * default: as many as the burst has.
   */
  readonly crowd?: number;
  /** One after the other. */
  readonly givenUp: readonly GivenUp[];
}

/** So many rounds are computed here; more take the service's own workers, where nobody waits for them. */
const fewRounds = 1_000;

/** Requests differ from run to run, so that no code can know which call it is that it answers. */
const someId = randomInt(2, 90_000);
const otherId = someId + randomInt(2, 1_000);
const cities = ["london", "oslo", "rome", "quito", "hanoi", "accra", "lima", "perth"];
const someCity = () => cities[randomInt(cities.length)] ?? "london";
const city = someCity();
const words = randomInt(36 ** 5).toString(36);

/** More than any pool for waiting has threads, several times: so that most still wait. */
const moreThanThreads = () => 64;

const plans: Readonly<Record<string, Plan>> = {
  GetUser: {
    questions: [1, someId, otherId, someId].map((id) => ({ request: { user_id: id } })),
    // In three rounds the burst is within its time.
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
    givenUp: [
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
    givenUp: [
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
    givenUp: [
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
    givenUp: [
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
    // Of a hundred: in five rounds the burst is within its time.
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
    givenUp: [],
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
    givenUp: [
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
    givenUp: [],
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
    givenUp: [
      {
        during: "the services are asked",
        calls: () => 5,
        request: () => ({}),
        deadlineMs: () => 50,
      },
    ],
  },
};

/** @throws Error for an exercise that nobody has thought about */
export function planOf({ rpc }: Exercise): Plan {
  const plan = plans[rpc];
  if (plan === undefined) {
    throw new Error(`Expected learn/check/plan.ts to say how ${rpc} is checked`);
  }
  return plan;
}

/** A field of a JSON object; null where there is none. */
export function fieldOf(value: unknown, name: string): JsonValue {
  return typeof value === "object" && value !== null && name in value
    ? (Object.entries(value).find(([key]) => key === name)?.[1] ?? null)
    : null;
}

/** Those of every service that is asked over HTTP. */
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
