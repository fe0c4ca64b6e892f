import { hash } from "node:crypto";
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

interface Template {
  /** Whether there are no placeholders. */
  readonly constant: boolean;
  /** @param n the call's number, from 1 */
  render(n: number, random: CallRandom): string;
}

const placeholder = /\{(?:(n)|(uuid)|random:(-?\d+)\.\.(-?\d+)|pick:([^{}]+))\}/g;

/**
 * Compiles a text in which `{n}` is the call's number, `{uuid}` a random UUID, `{random:1..6}` a whole
 * number within these bounds and `{pick:a|b|c}` one of the words. Other braces stay as they are.
 *
 * @throws Error when the lower bound is greater than the upper one
 */
export function compileTemplate(text: string): Template {
  const placeholders = text.matchAll(placeholder).toArray();
  const reversed = placeholders.find(([, , , from, to]) => Number(from) > Number(to));
  if (reversed !== undefined) {
    throw new Error(`Expected the lower bound first, got ${reversed[0]}`);
  }
  return {
    constant: placeholders.length === 0,
    render: (n, random) =>
      text.replaceAll(placeholder, (_, isN, isUuid, from, to, words: string | undefined) => {
        if (isN) {
          return String(n);
        }
        if (isUuid) {
          return random.uuid();
        }
        const choices = words?.split("|");
        return choices === undefined
          ? String(Number(from) + random.below(Number(to) - Number(from) + 1))
          : (choices[random.below(choices.length)] ?? "");
      }),
  };
}

const numberBytes = 4;
const uuidBytes = 16;
const noBytes = Buffer.alloc(0);

/** Random numbers of one call: the same for the same seed and call number, in any thread. */
export class CallRandom {
  readonly #seed: string;
  readonly #n: number;
  #blocks = 0;
  /** Most calls draw nothing, so nothing is made for them. */
  #unused: Buffer = noBytes;

  /** @param n the call's number, from 1 */
  constructor(seed: string, n: number) {
    this.#seed = seed;
    this.#n = n;
  }

  /** Whole number from 0 up to, and without, the bound. */
  below(bound: number): number {
    return Math.floor((this.#draw(numberBytes).readUInt32LE() / 2 ** 32) * bound);
  }

  /** @see https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-4 */
  uuid(): string {
    const bytes = this.#draw(uuidBytes);
    bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
    bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
    return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }

  #draw(bytes: number): Buffer {
    if (this.#unused.length < bytes) {
      this.#unused = hash("sha512", `${this.#seed} ${this.#n} ${this.#blocks++}`, "buffer");
    }
    const drawn = this.#unused.subarray(0, bytes);
    this.#unused = this.#unused.subarray(bytes);
    return drawn;
  }
}
