import { validateHeaderName, validateHeaderValue } from "node:http";
import {
  createRegistry,
  type DescFile,
  fromJsonString,
  type Message,
  type Registry,
} from "@bufbuild/protobuf";
import { ExercisesService } from "../../gen/unblock/v1/exercises_pb.ts";
import { findExercise } from "../../registry/exercises.ts";
import type { LoadMethod } from "../drivers/driver.ts";
import type { CallRandom } from "../schedule/random.ts";
import { compileTemplate, type Template } from "./template.ts";

export interface RequestOptions {
  readonly method: LoadMethod;
  /** One request for all calls, as JSON; may be a template. */
  readonly data?: string;
  /** Several to use in turn. */
  readonly rows?: readonly string[];
  /** The request of call `n` when neither is given. */
  readonly example: (n: number) => string;
}

export interface RequestSource {
  /**
   * The request of call `n`, from 1. Where nothing is filled in, the same object comes again.
   *
   * @throws Error that says what does not fit the schema
   */
  at(n: number, random: CallRandom): Message;
}

export function createRequests(options: RequestOptions): RequestSource {
  const { method, data, rows, example } = options;
  const registry = createRegistry(...filesOf(method.parent.file));
  const parse = (json: string, what: string) => parseRequest(method, json, what, registry);
  const texts = rows ?? (data === undefined ? undefined : [data]);
  if (texts === undefined) {
    return { at: createExamples(example, (json) => parse(json, "the example")) };
  }
  const what = rows === undefined ? "--data" : "each row of --data-file";
  const templates = texts.map(compileTemplate);
  const constants: (Message | undefined)[] = templates.map(() => undefined);
  return {
    at: (n, random) => {
      const row = (n - 1) % templates.length;
      const known = constants[row];
      if (known !== undefined) {
        return known;
      }
      const template = templates[row] ?? emptyTemplate;
      const message = parse(template.render(n, random), what);
      if (template.constant) {
        constants[row] = message;
      }
      return message;
    },
  };
}

const emptyTemplate: Template = { constant: true, render: () => "{}" };

function createExamples(
  example: (n: number) => string,
  parse: (json: string) => Message,
): (n: number) => Message {
  const first = example(1);
  if (first !== example(2)) {
    return (n) => parse(example(n));
  }
  const message = parse(first);
  return () => message;
}

function parseRequest(
  { name, input }: LoadMethod,
  json: string,
  what: string,
  registry: Registry,
): Message {
  try {
    return fromJsonString(input, json, { registry });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const fields = input.fields.map((field) => field.name).join(", ");
    const known = / is unknown$/.test(reason)
      ? `; ${input.name} has ${fields === "" ? "no fields" : fields}`
      : "";
    throw new Error(
      `Expected ${what} to be the request of ${name} as JSON, got ${shorten(json)}: ${reason}${known}`,
    );
  }
}

function shorten(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** A file and what it imports: what a google.protobuf.Any in a request can be of. */
function filesOf(file: DescFile): DescFile[] {
  return [file, ...file.dependencies.flatMap(filesOf)];
}

/** The protocols, or the HTTP connection, say themselves what is in these. */
const reserved =
  /^(content-type|content-length|host|te|user-agent|connection|keep-alive|upgrade|expect|transfer-encoding|grpc-.*|connect-.*)$/;

/**
 * Reads headers such as "authorization: Bearer x"; values may be templates.
 *
 * @returns by lower-case name
 * @throws Error when one is no header, comes twice, or is the protocol's own
 */
export function parseHeaders(texts: readonly string[]): Record<string, string> {
  // An object has a `constructor` from the start, and none called __proto__ can be assigned to it.
  const headers = new Map<string, string>();
  for (const text of texts) {
    const colon = text.indexOf(":");
    const name = text.slice(0, Math.max(0, colon)).trim().toLowerCase();
    const value = text.slice(colon + 1).trim();
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch {
      throw new Error(`Expected --header to be like "name: value", got "${text}"`);
    }
    if (reserved.test(name)) {
      throw new Error(`Expected --header to be one that the protocol does not set, got "${name}"`);
    }
    if (headers.has(name)) {
      throw new Error(`Expected each --header once, got "${name}" twice`);
    }
    headers.set(name, value);
  }
  return Object.fromEntries(headers);
}

/** The request of call `n` when a person gives none: an exercise's own example, else an empty one. */
export function exampleRequest({ name, parent }: LoadMethod): (n: number) => string {
  const exercise = parent.typeName === ExercisesService.typeName ? findExercise(name) : undefined;
  return exercise?.burst.requestJson ?? (() => "{}");
}
