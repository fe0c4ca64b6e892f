import { validateHeaderName, validateHeaderValue } from "node:http";
import {
  createRegistry,
  type DescFile,
  fromJsonString,
  type Message,
  type Registry,
} from "@bufbuild/protobuf";
import { findExercise } from "@unblock/proto/exercises";
import { ExercisesService } from "@unblock/proto/gen/exercises";
import type { LoadMethod } from "../drivers/driver.ts";
import type { CallRandom } from "../schedule/random.ts";
import { compileTemplate } from "./template.ts";

/**
 * Request of call `n`, from 1. Constant requests are the same object each time.
 *
 * @throws Error that names what does not fit the schema
 */
export type Requests = (n: number, random: CallRandom) => Message;

/** @param rows requests as JSON, used in turn; may be templates. Default: the method's example */
export function createRequests(method: LoadMethod, rows?: readonly string[]): Requests {
  const registry = createRegistry(...filesOf(method.parent.file));
  const example = exampleRequest(method);
  // An example is the same for all calls, or differs in each.
  const isConstant = example(1) === example(2);
  const templates = rows?.map(compileTemplate) ?? [{ constant: isConstant, render: example }];
  const constants = new Map<number, Message>();
  return (n, random) => {
    const row = (n - 1) % templates.length;
    const known = constants.get(row);
    if (known !== undefined) {
      return known;
    }
    const template = templates[row];
    const message = parseRequest(method, template?.render(n, random) ?? "{}", registry);
    if (template?.constant) {
      constants.set(row, message);
    }
    return message;
  };
}

function parseRequest({ name, input }: LoadMethod, json: string, registry: Registry): Message {
  try {
    return fromJsonString(input, json, { registry });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const fields = input.fields.map((field) => field.name).join(", ");
    const known = / is unknown$/.test(reason) ? `; ${input.name} has ${fields || "no fields"}` : "";
    const got = json.length > 200 ? `${json.slice(0, 200)}…` : json;
    throw new Error(
      `Expected --data or a row of --data-file to be the request of ${name} as JSON, got ${got}: ${reason}${known}`,
    );
  }
}

/** A file and its imports: the possible types of a google.protobuf.Any in a request. */
function filesOf(file: DescFile): DescFile[] {
  return [file, ...file.dependencies.flatMap(filesOf)];
}

/** Default request of call `n`: the exercise's example, otherwise an empty message. */
function exampleRequest({ name, parent }: LoadMethod): (n: number) => string {
  const exercise = parent.typeName === ExercisesService.typeName ? findExercise(name) : undefined;
  return exercise?.burst.requestJson ?? (() => "{}");
}

/** Headers that the protocols or the HTTP connection set. */
const reserved =
  /^(content-type|content-length|host|te|user-agent|connection|keep-alive|upgrade|expect|transfer-encoding|grpc-.*|connect-.*)$/;

/**
 * Parses headers such as "authorization: Bearer x"; values may be templates.
 *
 * @returns values by lower-case name
 * @throws Error when a header is not valid, repeated, or set by the protocol
 */
export function parseHeaders(texts: readonly string[]): Record<string, string> {
  // A Map, because headers may be named `constructor` or `__proto__`.
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
      throw new Error(`Expected --header other than those of the protocol, got "${name}"`);
    }
    if (headers.has(name)) {
      throw new Error(`Expected each --header once, got "${name}" twice`);
    }
    headers.set(name, value);
  }
  return Object.fromEntries(headers);
}
