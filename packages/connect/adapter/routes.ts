import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import {
  type ConnectError,
  type ConnectRouter,
  type ConnectRouterOptions,
  createMethodImplSpec,
  createServiceImplSpec,
  type MethodImplSpec,
} from "@connectrpc/connect";
import {
  createMethodSerializationLookup,
  createMethodUrl,
  type MethodSerializationLookup,
  type UniversalHandlerOptions,
  validateUniversalHandlerOptions,
} from "@connectrpc/connect/protocol";
import type { CallContext } from "./call-context.ts";

export type UnarySpec = Extract<MethodImplSpec, { kind: "unary" }>;
export type StreamSpec = Exclude<MethodImplSpec, UnarySpec>;

/** Called before the handler of a streaming RPC; an error that it returns rejects the stream. */
export type StreamGate = (connection: object, signal: AbortSignal) => ConnectError | undefined;

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

export type ObservedCall = Pick<
  CallContext,
  "method" | "requestHeader" | "values" | "beganMs" | "isReached"
>;

/** Observes every request for an RPC, whether it reaches a handler or not. */
export interface CallObserver {
  /** The request's header has arrived. */
  began(): void;
  /**
   * The call has ended for its caller, once; its handler may still work.
   *
   * @param error the error of the response, `canceled` after a disconnect; undefined for success
   */
  ended(call: ObservedCall, error: ConnectError | undefined): void;
}

/** What all RPCs have in common. */
export interface RouteOptions extends ConnectRouterOptions, UnaryTimeouts {
  readonly observer?: CallObserver | undefined;
  readonly streamGate?: StreamGate;
  /**
   * Whether the signal of a unary call also aborts when the call ends, as that of a stream does, and as in
   * Connect's own handlers. Default: false.
   */
  readonly signalEndsWithCall?: boolean;
}

/** An RPC with all that its calls need. */
interface RouteOf<Spec extends MethodImplSpec> {
  readonly spec: Spec;
  readonly options: UniversalHandlerOptions;
  readonly serialization: MethodSerializationLookup<DescMessage, DescMessage>;
  /** Fields of the response that may be large. */
  readonly bytesFields: readonly DescField[];
  /** Whether a parsed message may have views of the binary message. */
  readonly keepsBytes: boolean;
  readonly observer: CallObserver | undefined;
  readonly timeouts: UnaryTimeouts;
  readonly streamGate: StreamGate | undefined;
  readonly signalEndsWithCall: boolean;
}

export type UnaryRoute = RouteOf<UnarySpec>;
export type StreamRoute = RouteOf<StreamSpec>;
export type Route = UnaryRoute | StreamRoute;

export function isUnary(route: Route): route is UnaryRoute {
  return route.spec.kind === "unary";
}

/** Collects the RPCs that are registered, by their path. */
export function collectRoutes(
  register: (router: ConnectRouter) => void,
  options: RouteOptions,
  prefix: string,
): ReadonlyMap<string, Route> {
  const routes = new Map<string, Route>();
  const add = (spec: MethodImplSpec, own: ConnectRouterOptions | undefined) => {
    routes.set(
      createMethodUrl(prefix || "/", spec.method),
      createRoute(spec, { ...options, ...own }),
    );
  };
  const router: ConnectRouter = {
    handlers: [],
    service: (service, implementation, own) => {
      const { methods } = createServiceImplSpec(service, implementation);
      for (const spec of Object.values(methods)) {
        add(spec, own);
      }
      return router;
    },
    rpc: (method, implementation, own) => {
      add(createMethodImplSpec(method, implementation), own);
      return router;
    },
  };
  register(router);
  return routes;
}

/** Returns the singular fields of bytes that belong to no oneof. */
function bytesFields({ fields }: DescMessage): readonly DescField[] {
  return fields.filter(
    ({ fieldKind, scalar, oneof }) =>
      fieldKind === "scalar" && scalar === ScalarType.BYTES && oneof === undefined,
  );
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

/** Small strings share memory, which TextEncoder would allocate for each at more cost than encoding it. */
const pooledEncoder = { encode: (text: string): Uint8Array => Buffer.from(text) };

function createRoute(spec: MethodImplSpec, options: RouteOptions): Route {
  const jsonOptions = { textEncoder: pooledEncoder, ...options.jsonOptions };
  const validated = validateUniversalHandlerOptions({ ...options, jsonOptions });
  const shared = {
    keepsBytes:
      validated.binaryOptions?.readUnknownFields !== false ||
      hasBytes(spec.method.input, new Set()),
    bytesFields: bytesFields(spec.method.output),
    observer: options.observer,
    options: validated,
    serialization: createMethodSerializationLookup(
      spec.method,
      validated.binaryOptions,
      validated.jsonOptions,
      validated,
    ),
    streamGate: options.streamGate,
  };
  return spec.kind === "unary"
    ? {
        ...shared,
        spec,
        timeouts: options,
        signalEndsWithCall: options.signalEndsWithCall ?? false,
      }
    : { ...shared, spec, timeouts: {}, signalEndsWithCall: true };
}
