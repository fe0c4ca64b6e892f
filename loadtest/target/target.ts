import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { distance } from "fastest-levenshtein";
import { services as builtIn } from "../../registry/methods.ts";
import type { LoadMethod } from "../drivers/driver.ts";
import type { TlsOptions } from "../transport/transport.ts";
import { readDescriptorSet, servicesOf, toDescriptorSet } from "./descriptor-set.ts";
import { reflect } from "./reflection.ts";

/** An RPC that can be called, wherever its schema came from. */
export interface Target {
  readonly method: LoadMethod;
  /** A google.protobuf.FileDescriptorSet with all that the method needs, for other threads. */
  readonly descriptorSet: Uint8Array;
}

export interface TargetSource {
  /** The server; absent when it is this project's own. */
  readonly url?: string;
  readonly descriptorSetFile?: string;
  readonly tls: TlsOptions;
}

/**
 * Finds an RPC: in the descriptor set when one is given, else in the project's own schema, else by
 * asking the server.
 *
 * @param name "Method", "package.Service/Method" or "package.Service.Method"
 * @throws Error that lists near names, and says what to do
 */
export async function resolveTarget(name: string, source: TargetSource): Promise<Target> {
  const method = expectCallable(await find(name, source));
  return { method, descriptorSet: toDescriptorSet(method.parent.file) };
}

/** Finds a method again in a set that `resolveTarget` gave. */
export function loadMethod(descriptorSet: Uint8Array, service: string, method: string): LoadMethod {
  const name = `${service}/${method}`;
  const [found] = matching(servicesOf(descriptorSet), name);
  if (found === undefined) {
    throw new Error(`Expected ${name} in its own descriptor set`);
  }
  return expectCallable(found);
}

async function find(name: string, source: TargetSource): Promise<DescMethod> {
  const { url, descriptorSetFile, tls } = source;
  if (descriptorSetFile !== undefined) {
    return expectOne(name, await readDescriptorSet(descriptorSetFile), descriptorSetFile);
  }
  if (url === undefined || matching(builtIn, name).length > 0) {
    return expectOne(name, builtIn, "the project's schema");
  }
  return expectOne(name, await reflect(url, tls, name), `the server at ${url}`);
}

function expectOne(name: string, services: readonly DescService[], where: string): DescMethod {
  const found = matching(services, name);
  const [method, another] = found;
  if (method === undefined) {
    const methods = services.flatMap((service) => service.methods);
    throw new Error(`There is no RPC "${name}" in ${where}; ${nearNames(name, methods)}`);
  }
  if (another !== undefined) {
    const names = found.map((one) => fullName(one)).join(", ");
    throw new Error(`There are several RPCs "${name}" in ${where}; which one is meant: ${names}?`);
  }
  return method;
}

function matching(services: readonly DescService[], name: string): DescMethod[] {
  return services
    .flatMap((service) => service.methods)
    .filter((method) => {
      const { typeName } = method.parent;
      return [method.name, fullName(method), `${typeName}.${method.name}`].includes(name);
    });
}

function fullName({ parent, name }: DescMethod): string {
  return `${parent.typeName}/${name}`;
}

function expectCallable(method: DescMethod): LoadMethod {
  switch (method.methodKind) {
    case "unary":
      return { ...method, methodKind: "unary" };
    case "server_streaming":
      return { ...method, methodKind: "server_streaming" };
    default:
      throw new Error(
        `Expected an RPC that takes one message, got ${fullName(method)}, to which the client streams`,
      );
  }
}

const mostNames = 5;
const mostListed = 20;

/** For a name that there is not: the near ones, or if none is near, those there are. */
function nearNames(wanted: string, methods: readonly DescMethod[]): string {
  if (methods.length === 0) {
    return "there are none";
  }
  const bare = wanted.split(/[/.]/).at(-1)?.toLowerCase() ?? "";
  const near = methods
    .map((method) => ({ method, edits: distance(bare, method.name.toLowerCase()) }))
    .filter(({ edits }) => edits <= Math.max(2, bare.length / 3))
    .sort((a, b) => a.edits - b.edits)
    .slice(0, mostNames)
    .map(({ method }) => method);
  if (near.length > 0) {
    return `did you mean ${namesOf(near, methods).join(" or ")}?`;
  }
  const listed = namesOf(methods.slice(0, mostListed), methods).join(", ");
  return `there are: ${listed}${methods.length > mostListed ? ", …" : ""}`;
}

/** A name alone is enough where it is the only one. */
function namesOf(some: readonly DescMethod[], all: readonly DescMethod[]): string[] {
  return some.map(({ name, parent }) =>
    all.filter((other) => other.name === name).length === 1 ? name : `${parent.typeName}/${name}`,
  );
}
