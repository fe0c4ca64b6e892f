import { type DescMessage, ScalarType } from "@bufbuild/protobuf";
import {
  type ConnectRouter,
  type ConnectRouterOptions,
  createConnectRouter,
  createMethodImplSpec,
  createServiceImplSpec,
  type MethodImplSpec,
} from "@connectrpc/connect";
import {
  createMethodSerializationLookup,
  createMethodUrl,
  type MethodSerializationLookup,
  type UniversalHandler,
  type UniversalHandlerOptions,
  validateUniversalHandlerOptions,
} from "@connectrpc/connect/protocol";
import type { CallObserver } from "./observer.ts";
import { sendableErrors } from "./sendable-errors.ts";
import type { UnaryTimeouts } from "./timeouts.ts";

export type UnarySpec = Extract<MethodImplSpec, { kind: "unary" }>;

/** A unary RPC with all that is needed to serve it directly. */
export interface UnaryRoute {
  readonly spec: UnarySpec;
  readonly options: UniversalHandlerOptions;
  readonly serialization: MethodSerializationLookup<DescMessage, DescMessage>;
  readonly protocols: Protocols;
  /** Whether a message may have bytes, which are views of the binary message that they were read from. */
  readonly keepsBytes: boolean;
  readonly observer: CallObserver | undefined;
  readonly timeouts: UnaryTimeouts;
}

interface Protocols {
  readonly connect: boolean;
  readonly grpc: boolean;
  readonly grpcWeb: boolean;
}

/** All by the path of the RPC. */
export interface Routes {
  /** Connect's own handler, which every RPC has. */
  readonly handlers: ReadonlyMap<string, UniversalHandler>;
  readonly unary: ReadonlyMap<string, UnaryRoute>;
}

/** Registers what `register` registers with Connect, and takes note of the unary RPCs. */
export function collectRoutes(
  register: (router: ConnectRouter) => void,
  options: ConnectRouterOptions & UnaryTimeouts,
  prefix: string,
  observer?: CallObserver,
): Routes {
  const stock = createConnectRouter(forStock(options));
  const unary = new Map<string, UnaryRoute>();
  const add = (spec: MethodImplSpec, routeOptions: ConnectRouterOptions | undefined) => {
    const path = createMethodUrl(prefix || "/", spec.method);
    if (spec.kind === "unary") {
      unary.set(path, createUnaryRoute(spec, { ...options, ...routeOptions }, observer));
    }
  };
  const router: ConnectRouter = {
    handlers: stock.handlers,
    service: (service, implementation, routeOptions) => {
      stock.service(service, implementation, routeOptions && forStock(routeOptions, options));
      const { methods } = createServiceImplSpec(service, implementation);
      for (const spec of Object.values(methods)) {
        add(spec, routeOptions);
      }
      return router;
    },
    rpc: (method, implementation, routeOptions) => {
      stock.rpc(method, implementation, routeOptions && forStock(routeOptions, options));
      add(createMethodImplSpec(method, implementation), routeOptions);
      return router;
    },
  };
  register(router);
  return {
    handlers: new Map(
      stock.handlers.map((handler) => [`${prefix}${handler.requestPath}`, handler]),
    ),
    unary,
  };
}

function hasBytes(message: DescMessage, seen: Set<DescMessage>): boolean {
  if (seen.has(message)) {
    return false;
  }
  seen.add(message);
  return message.fields.some(
    (field) =>
      field.scalar === ScalarType.BYTES || (field.message && hasBytes(field.message, seen)),
  );
}

/** @param base what a route has that has no options of its own */
function forStock(
  options: ConnectRouterOptions,
  base: ConnectRouterOptions = {},
): ConnectRouterOptions {
  const interceptors = options.interceptors ?? base.interceptors ?? [];
  return { ...options, interceptors: [sendableErrors, ...interceptors] };
}

/** Small texts share memory; TextEncoder allocates some for each, which takes longer than to encode it. */
const pooledEncoder = { encode: (text: string): Uint8Array => Buffer.from(text) };

function createUnaryRoute(
  spec: UnarySpec,
  options: ConnectRouterOptions & UnaryTimeouts,
  observer: CallObserver | undefined,
): UnaryRoute {
  const jsonOptions = { textEncoder: pooledEncoder, ...options.jsonOptions };
  const validated = validateUniversalHandlerOptions({ ...options, jsonOptions });
  return {
    spec,
    keepsBytes:
      validated.binaryOptions?.readUnknownFields !== false ||
      hasBytes(spec.method.input, new Set()),
    observer,
    options: validated,
    serialization: createMethodSerializationLookup(
      spec.method,
      validated.binaryOptions,
      validated.jsonOptions,
      validated,
    ),
    protocols: {
      connect: options.connect !== false,
      grpc: options.grpc !== false,
      grpcWeb: options.grpcWeb !== false,
    },
    timeouts: options,
  };
}
