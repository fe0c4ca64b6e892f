import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { TlsOptions } from "@unblock/http2/client";
import { services as builtIn } from "@unblock/proto/methods";
import { distance } from "fastest-levenshtein";
import type { LoadMethod } from "../drivers/driver.ts";
import { readDescriptorSet, servicesOf, toDescriptorSet } from "./descriptor-set.ts";
import { reflect } from "./reflection.ts";

export interface Target {
  readonly method: LoadMethod;
  /** A google.protobuf.FileDescriptorSet with everything the method needs, for other threads. */
  readonly descriptorSet: Uint8Array;
}

export interface TargetSource {
  /** Server URL; absent for this project's server. */
  readonly url?: string | undefined;
  readonly descriptorSetFile?: string | undefined;
  readonly tls: TlsOptions;
}

/**
 * Finds an RPC in the descriptor set, if given, else in the project's schema, else by server
 * reflection.
 *
 * @param name "Method", "package.Service/Method" or "package.Service.Method"
 * @throws Error that suggests similar names
 */
export async function resolveTarget(name: string, source: TargetSource): Promise<Target> {
  const method = expectCallable(await find(name, source));
  return { method, descriptorSet: toDescriptorSet(method.parent.file) };
}

/** Finds a method in the descriptor set of a `Target`. */
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
    throw new Error(`There is no RPC "${name}" in ${where}; ${suggestions(name, methods)}`);
  }
  if (another !== undefined) {
    const names = found.map(fullName).join(", ");
    throw new Error(`There are several RPCs "${name}" in ${where}; which one is meant: ${names}?`);
  }
  return method;
}

function matching(services: readonly DescService[], name: string): DescMethod[] {
  return services
    .flatMap((service) => service.methods)
    .filter((method) =>
      [method.name, fullName(method), `${method.parent.typeName}.${method.name}`].includes(name),
    );
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
        `Expected a unary or server-streaming RPC, got ${fullName(method)}, to which the client streams`,
      );
  }
}

const maxSuggested = 5;
const maxListed = 20;

/** Text with names similar to an unknown one; with the existing names if none is similar. */
function suggestions(wanted: string, methods: readonly DescMethod[]): string {
  const bare = wanted.split(/[/.]/).at(-1)?.toLowerCase() ?? "";
  // Without the service, where the name is unique.
  const nameOf = (method: DescMethod) =>
    methods.filter(({ name }) => name === method.name).length === 1
      ? method.name
      : fullName(method);
  const edits = ({ name }: DescMethod) => distance(bare, name.toLowerCase());
  const near = methods
    .filter((method) => edits(method) <= Math.max(2, bare.length / 3))
    .sort((a, b) => edits(a) - edits(b))
    .slice(0, maxSuggested);
  if (near.length > 0) {
    return `did you mean ${near.map(nameOf).join(" or ")}?`;
  }
  const listed = methods.slice(0, maxListed).map(nameOf).join(", ");
  return `there are: ${listed || "none"}${methods.length > maxListed ? ", …" : ""}`;
}
