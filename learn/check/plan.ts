import { createHash } from "node:crypto";
import type { JsonValue } from "@bufbuild/protobuf";
import type { Exercise } from "../../registry/exercises.ts";

/** A request whose answer is known. */
export interface Question {
  readonly request: JsonValue;
  /** Undefined: what the work answers when it is done right, alone. */
  readonly expected: JsonValue | undefined;
  /** A key that the cache is to forget before. */
  readonly forget?: string;
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
  /** How many of a burst are in progress at once. */
  readonly overlap: number;
}

/** How an exercise is checked. */
export interface Plan {
  readonly questions: readonly Question[];
  /** The backend that is asked; undefined where there is none, or where it is the check that plays it. */
  readonly backend: AskedBackend | undefined;
  /** The request of a burst's call `n`, from 1; `rounds` of hashing take about 100 ms here. */
  readonly burst: (n: number, rounds: number) => JsonValue;
  /** One after the other. */
  readonly givenUp: readonly GivenUp[];
}

/** More than the threads of the pool for waiting. */
const moreThanThreads = () => 24;

const plans: Readonly<Record<string, Plan>> = {
  GetUser: {
    questions: [1, 7_919, 99_991].map((id) => ({
      request: { user_id: id },
      expected: { user_id: id, name: `User ${id}`, email: `user${id}@example.com` },
    })),
    backend: { name: "database", callsEach: 1, overlap: 10 },
    burst: (n) => ({ user_id: n }),
    givenUp: [
      {
        during: "queries run, and others wait",
        calls: moreThanThreads,
        request: () => ({ user_id: 5 }),
        deadlineMs: () => 20,
      },
    ],
  },
  GetWeather: {
    questions: ["london", "São Paulo & more"].map((city) => ({
      request: { city },
      expected: { city, temperature: 22, conditions: "sunny" },
    })),
    backend: { name: "weather", callsEach: 1, overlap: 10 },
    burst: (n) => ({ city: `city ${n}` }),
    givenUp: [
      {
        during: "the requests are on their way",
        calls: moreThanThreads,
        request: () => ({ city: "oslo" }),
        deadlineMs: () => 60,
      },
    ],
  },
  ComputeHash: {
    questions: [
      { data: "test", rounds: 1 },
      { data: "", rounds: 2 },
      { data: "naïve", rounds: 1_000 },
    ].map(({ data, rounds }) => ({
      request: { data, rounds },
      expected: { hash: chainedHash(data, rounds), algorithm: "sha256" },
    })),
    backend: undefined,
    burst: (n, rounds) => ({ data: `test ${n}`, rounds }),
    givenUp: [
      {
        during: "hashes are computed, and others wait",
        calls: (cores) => 3 * cores,
        request: (rounds) => ({ data: "given up", rounds: 3 * rounds }),
        deadlineMs: (taskMs) => taskMs / 2,
      },
    ],
  },
  GetConfig: {
    questions: [{}, {}].map((request) => ({
      request,
      expected: { setting_a: "value1", setting_b: "value2" },
    })),
    backend: { name: "slow disk", callsEach: 1, overlap: 10 },
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
      { request: { key: "k1" }, expected: { key: "k1", value: "cached_data", hit: true } },
      { request: { key: "a b" }, expected: { key: "a b", value: "cached_data", hit: true } },
      {
        request: { key: "forgotten" },
        expected: { key: "forgotten", value: "", hit: false },
        forget: "forgotten",
      },
    ],
    // Of a hundred. They take 10 ms, so on a busy machine the first is back before the last is sent.
    backend: { name: "cache", callsEach: 1, overlap: 33 },
    burst: (n) => ({ key: `key${n}` }),
    givenUp: [],
  },
  PredictImage: {
    questions: ["cats/1.png", "dogs/2.png"].map((path) => ({
      request: { image_url: `http://example.com/${path}` },
      expected: undefined,
    })),
    backend: { name: "images", callsEach: 1, overlap: 5 },
    burst: (n) => ({ image_url: `http://example.com/${n}.png` }),
    givenUp: [
      {
        during: "the pictures are downloaded",
        calls: () => 5,
        request: () => ({ image_url: "http://example.com/early.png" }),
        deadlineMs: () => 40,
      },
      {
        during: "the pictures are classified, and others wait",
        computes: true,
        calls: (cores) => 3 * cores,
        request: () => ({ image_url: "http://example.com/late.png" }),
        deadlineMs: (taskMs) => 100 + taskMs / 4,
      },
    ],
  },
  TrackEvent: {
    questions: [],
    backend: undefined,
    burst: (n) => ({ event: `event ${n}`, user_id: n }),
    givenUp: [],
  },
  GetDashboard: {
    questions: [{}, {}].map((request) => ({
      request,
      expected: {
        service_1: "data_1",
        service_2: "data_2",
        service_3: "data_3",
        service_4: "data_4",
        service_5: "data_5",
      },
    })),
    backend: { name: "services", callsEach: 5, overlap: 5 },
    burst: () => ({}),
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

function chainedHash(data: string, rounds: number): string {
  let digest = createHash("sha256").update(data).digest();
  for (let round = 1; round < rounds; round++) {
    digest = createHash("sha256").update(digest).digest();
  }
  return digest.toString("hex");
}
