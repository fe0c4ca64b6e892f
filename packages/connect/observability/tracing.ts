import {
  Code,
  ConnectError,
  type Interceptor,
  type StreamRequest,
  type UnaryRequest,
} from "@connectrpc/connect";
import type { Attributes, Context, TextMapGetter } from "@opentelemetry/api";
import { codeName } from "../code-name.ts";
import { loadOpenTelemetry, type OpenTelemetry } from "./opentelemetry.ts";
import { blamed } from "./request-log.ts";

/** Runs work with a call's span as the active one. */
type InSpan = <Result>(work: () => Result) => Result;

const headerGetter: TextMapGetter<Headers> = {
  keys: (header) => [...header.keys()],
  get: (header, name) => header.get(name) ?? undefined,
};

/**
 * Returns the interceptor that traces calls; undefined unless an OpenTelemetry SDK is registered.
 *
 * @param log receives why a registered SDK can't be used
 */
export async function loadTracing(
  log: (message: string) => void,
): Promise<Interceptor | undefined> {
  const opentelemetry = await loadOpenTelemetry(log);
  return opentelemetry && traceCalls(opentelemetry);
}

/**
 * Makes a span per call, in the trace that the request's headers name. A stream's span ends with the stream.
 * The span is active while the handler runs, so the handler's own requests belong to it.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/rpc/ (version 1.45)
 */
function traceCalls(opentelemetry: OpenTelemetry): Interceptor {
  const { context, trace, SpanKind, SpanStatusCode } = opentelemetry;
  const tracer = trace.getTracer("unblock");
  return (next) => async (request) => {
    const isGrpc = request.header.get("content-type")?.startsWith("application/grpc") ?? false;
    const attributes = describeCall(request, isGrpc);
    const parent = parentOf(request, opentelemetry);
    const span = tracer.startSpan(
      attributes["rpc.method"],
      { kind: SpanKind.SERVER, attributes },
      parent,
    );
    const own = trace.setSpan(parent, span);
    const inSpan: InSpan = (work) => context.with(own, work);

    let isOver = false;
    const end = (error?: unknown) => {
      if (isOver) {
        return;
      }
      isOver = true;
      const code = error === undefined ? undefined : codeOf(error);
      const status = statusOf(code, isGrpc);
      span.setAttributes({ "rpc.status_code": status });
      if (code !== undefined && blamed.has(code)) {
        span.setAttributes({ "error.type": status });
        span.setStatus({
          code: SpanStatusCode.ERROR,
          message: ConnectError.from(error).rawMessage,
        });
      }
      span.end();
    };
    // The caller has its response then, whether or not the handler heeds its signal.
    const { signal } = request;
    signal.addEventListener("abort", () => end(ConnectError.from(signal.reason, Code.Canceled)));

    try {
      const response = await inSpan(() => next(request));
      if (!isOver) {
        span.setAttributes(whereItRan(response.header));
      }
      if (response.stream) {
        return { ...response, message: tracedStream(response.message, inSpan, end) };
      }
      end();
      return response;
    } catch (error) {
      end(error);
      throw error;
    }
  };
}

async function* tracedStream<Message>(
  messages: AsyncIterable<Message>,
  inSpan: InSpan,
  end: (error?: unknown) => void,
): AsyncIterable<Message> {
  // A generator's step runs in the context of its consumer.
  const iterator = messages[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await inSpan(() => iterator.next());
      if (done) {
        end();
        return;
      }
      yield value;
    }
  } catch (error) {
    end(error);
    throw error;
  } finally {
    await inSpan(() => iterator.return?.());
    end(new ConnectError("the caller stopped reading the stream", Code.Canceled));
  }
}

/**
 * Returns the context of the span that an instrumentation of node:http made for this request, or of the
 * caller's span. A span that was active when the server started is active for all its connections, but not
 * recording.
 */
function parentOf(
  { header }: UnaryRequest | StreamRequest,
  { context, propagation, trace, ROOT_CONTEXT }: OpenTelemetry,
): Context {
  return trace.getActiveSpan()?.isRecording()
    ? context.active()
    : propagation.extract(ROOT_CONTEXT, header, headerGetter);
}

function describeCall({ service, method, url }: UnaryRequest | StreamRequest, isGrpc: boolean) {
  const { hostname, port } = URL.parse(url) ?? {};
  return {
    "rpc.system.name": isGrpc ? "grpc" : "connectrpc",
    "rpc.method": `${service.typeName}/${method.name}`,
    "server.address": hostname,
    ...(port ? { "server.port": Number(port) } : {}),
  };
}

function codeOf(error: unknown): Code {
  return error instanceof ConnectError ? error.code : Code.Internal;
}

/** Returns the name of the status in its protocol; Connect has none for success. */
function statusOf(code: Code | undefined, isGrpc: boolean): string | undefined {
  if (!isGrpc) {
    return code && codeName(code);
  }
  switch (code) {
    case undefined:
      return "OK";
    case Code.Canceled:
      return "CANCELLED";
    default:
      return codeName(code).toUpperCase();
  }
}

/** Reads strategy, executor, process and thread from the response header. */
function whereItRan(header: Headers): Attributes {
  const [executor, ...facts] = header.get("unblock-ran-on")?.split(";") ?? [];
  if (executor === undefined) {
    return {};
  }
  const numbers = facts.map((fact) => {
    const [name, value] = fact.split("=");
    return [`unblock.${name}`, Number(value)];
  });
  return {
    "unblock.strategy": header.get("unblock-strategy") ?? "",
    "unblock.executor": executor,
    ...Object.fromEntries(numbers),
  };
}
