import type { Pinning } from "./pinning.ts";

/** The RPC that a load calls. */
export interface Target {
  /** `package.Service/Method` */
  readonly rpc: string;
  /** The path of a descriptor set that has its schema. */
  readonly descriptorSet: string;
  /** The request as JSON. */
  readonly data: string;
}

/** What a load client is to do. */
export interface Load {
  /** The server's, `http://127.0.0.1:port`. */
  readonly url: string;
  readonly target: Target;
  readonly connections: number;
  /** All else, as the client has it. */
  readonly flags: readonly string[];
}

/** The connections of both clients where they are compared, and of ours where nothing else is said. */
export const connections = 4;
/** The calls that both keep in flight where they are compared. */
export const inFlight = 50;

/** What the parts measure with. */
export interface Bench {
  readonly pinning: Pinning;
  /** The path of the pinned ghz. */
  readonly ghz: string;
  /** How often each peer is measured; the median counts. */
  readonly runs: number;
  /**
   * Tells people what comes next, once the machine is quiet.
   *
   * @throws TooBusyError when it does not get quiet
   */
  readonly step: (what: string) => Promise<void>;
}

/** Measures one part of a bench. */
export type Measure = (bench: Bench) => Promise<Finding[]>;

/** What was measured of one thing that shall be reached. */
export interface Finding {
  readonly part: string;
  /** For scripts; the names are those of `--json`. */
  readonly figures: Readonly<Record<string, unknown>>;
  /** For people. */
  readonly rows: readonly Row[];
}

export interface Row {
  readonly what: string;
  readonly measured: string;
  readonly wanted: string;
  /** null where nothing is wanted: it is there to compare with. */
  readonly reached: boolean | null;
}

export function isReached({ rows }: Finding): boolean {
  return rows.every(({ reached }) => reached !== false);
}
