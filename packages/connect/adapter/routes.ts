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
import { sendableErrors } from "./errors.ts";
import type { CallObserver } from "./observer.ts";

export type UnarySpec = Extract<MethodImplSpec, { kind: "unary" }>;

/** Bounds of the deadlines of unary calls. Streams have the deadline of their callers. */
export interface UnaryTimeouts {
  /** Timeout of a call whose caller sets none, in milliseconds. Default: none. */
  readonly defaultTimeoutMs?: number | undefined;
  /**
   * Max timeout of a call, in milliseconds. A longer one is shortened to it, as Envoy does with
   * `max_grpc_timeout`. Default: none.
   */
  readonly maxUnaryTimeoutMs?: number | undefined;
}

/** A unary RPC with all that the fast path needs. */
export interface UnaryRoute {
  readonly spec: UnarySpec;
  readonly options: UniversalHandlerOptions;
  readonly serialization: MethodSerializationLookup<DescMessage, DescMessage>;
  /** Whether a parsed message may have views of the binary message. */
  readonly keepsBytes: boolean;
  readonly observer: CallObserver | undefined;
  readonly timeouts: UnaryTimeouts;
}

/** Handlers by the path of the RPC. */
export interface Routes {
  /** Connect's own handler of every RPC. */
  readonly handlers: ReadonlyMap<string, UniversalHandler>;
  readonly unary: ReadonlyMap<string, UnaryRoute>;
}

/** Registers RPCs with Connect, and collects the unary ones for the fast path. */
export function collectRoutes(
  register: (router: ConnectRouter) => void,
  options: ConnectRouterOptions & UnaryTimeouts,
  prefix: string,
  observer?: CallObserver,
): Routes {
  const fallback = createConnectRouter(forFallback(options));
  const unary = new Map<string, UnaryRoute>();
  const add = (spec: MethodImplSpec, routeOptions: ConnectRouterOptions | undefined) => {
    const path = createMethodUrl(prefix || "/", spec.method);
    const all = { ...options, ...routeOptions };
    if (spec.kind === "unary" && !isRestricted(all)) {
      unary.set(path, createUnaryRoute(spec, all, observer));
    }
  };
  const router: ConnectRouter = {
    handlers: fallback.handlers,
    service: (service, implementation, routeOptions) => {
      fallback.service(service, implementation, routeOptions && forFallback(routeOptions, options));
      const { methods } = createServiceImplSpec(service, implementation);
      for (const spec of Object.values(methods)) {
        add(spec, routeOptions);
      }
      return router;
    },
    rpc: (method, implementation, routeOptions) => {
      fallback.rpc(method, implementation, routeOptions && forFallback(routeOptions, options));
      add(createMethodImplSpec(method, implementation), routeOptions);
      return router;
    },
  };
  register(router);
  return {
    handlers: new Map(
      fallback.handlers.map((handler) => [`${prefix}${handler.requestPath}`, handler]),
    ),
    unary,
  };
}

/** Whether options reject some protocols, which only the fallback supports. */
function isRestricted(options: ConnectRouterOptions): boolean {
  const { connect, grpc, grpcWeb, requireConnectProtocolHeader } = options;
  return [connect, grpc, grpcWeb].includes(false) || requireConnectProtocolHeader === true;
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

/** @param base options that a route without own ones has */
function forFallback(
  options: ConnectRouterOptions,
  base: ConnectRouterOptions = {},
): ConnectRouterOptions {
  const interceptors = options.interceptors ?? base.interceptors ?? [];
  return { ...options, interceptors: [sendableErrors, ...interceptors] };
}

/** Small strings share memory, which TextEncoder would allocate for each at more cost than encoding it. */
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
    timeouts: options,
  };
}
