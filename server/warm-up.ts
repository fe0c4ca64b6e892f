import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:http2";
import { fromJsonString, toBinary } from "@bufbuild/protobuf";
import { connectCache } from "@unblock/backends/cache";
import type { Adapter } from "@unblock/connect/adapter/adapter";
import { envelope } from "@unblock/connect/adapter/envelope";
import { listen } from "@unblock/connect/listener/listener";
import { reasonOf } from "@unblock/errors/failure";
import { createBackground } from "@unblock/executors/background";
import { sharedSlot } from "@unblock/executors/executor";
import { createEventLoop, createLibuv } from "@unblock/executors/local";
import { withTimeout } from "@unblock/executors/waiting";
import type { Resources, ServedExercise } from "@unblock/exercises/exercise";
import { EventLoopVitals } from "@unblock/measure/event-loop";
import type { Exercise } from "@unblock/proto/exercises";
import type { ServerConfig } from "./config.ts";
import type { OpenResources } from "./resources.ts";

const maxWarmUpMs = 30_000;
/** Time that each exercise's warm-up calls wait for backends in total. */
const rehearsalMs = 100;
/** Max bursts of exercises that wait little or not at all. */
const maxBursts = 3;

/** Max delay of the start by a user's cache that hangs. */
const connectMs = 500;

export interface RehearsalResources extends Pick<Resources, "executors" | "backends"> {
  readonly exercises: readonly ServedExercise[];
  readonly eventLoop: EventLoopVitals;
}

/**
 * Makes the first calls as fast as later ones: runs each exercise's work in every thread and
 * process, and calls exercises that wait over the network. The vitals do not count it, and no
 * backend of the user's own is called, except that connections to a real database and cache are
 * opened and each thread looks up the first user.
 *
 * @param createHandler makes a handler like the server's own
 * @throws Error when a call fails or the warm-up takes too long
 */
export async function warmUp(
  resources: OpenResources,
  config: ServerConfig,
  createHandler: (rehearsal: RehearsalResources) => Adapter,
): Promise<void> {
  const eventLoop = new EventLoopVitals();
  // Executors of this thread, separate so that their counts can be dropped.
  const executors = {
    ...resources.executors,
    eventLoop: createEventLoop(config),
    libuv: createLibuv(config),
    background: createBackground(config),
  };
  const backends = { ...resources.backends, addresses: resources.rehearsalAddresses };
  const exercises = await config.loadExercises({ executors, backends });
  const rehearsal = await openRehearsal(
    createHandler({ executors, backends, exercises, eventLoop }),
  );
  const warm = resources.exercises.map(async ({ exercise, handler }) => {
    await handler.warmUp?.();
    const { waitMs, cpu } = exercise.work;
    if (!cpu) {
      const bursts = Math.max(1, Math.floor(rehearsalMs / Math.max(waitMs, 1)));
      await rehearsal.fire(exercise, Math.min(bursts, maxBursts));
    }
  });
  try {
    await withTimeout(maxWarmUpMs, Promise.all(warm));
    await executors.background.close(maxWarmUpMs);
  } catch (error) {
    throw new Error(`The server could not be made ready: ${reasonOf(error)}`, { cause: error });
  } finally {
    rehearsal.close();
    eventLoop.close();
  }
  // The calls above used the embedded cache.
  await connectCache(resources.backends.addresses().cacheUrl, connectMs);
  const { blockingPool, cpuPool, processes } = resources.executors;
  for (const executor of [blockingPool, cpuPool, processes]) {
    executor.restartCounts();
  }
  await resources.backends.counts(sharedSlot, sharedSlot);
}

/** Only requests with this header are served, because anyone on this machine can reach the port. */
const secretHeader = "unblock-rehearsal";

interface Outcome {
  /** Whether the call succeeded, or was rejected because a small server has no room for a burst. */
  readonly isOk: boolean;
  readonly text: string;
}

/**
 * Opens a private port for calls of the server to itself, as gRPC over HTTP/2 and as JSON over
 * HTTP/1.1, so that the code on their path is compiled.
 */
async function openRehearsal(adapter: Adapter) {
  const secret = randomUUID();
  const listener = await listen(
    { host: "127.0.0.1", port: 0, exclusive: true },
    onlyWith(secret, adapter),
  );
  const url = `http://127.0.0.1:${listener.port}`;
  const session = connect(url);
  // The calls report it as well.
  session.on("error", () => {});

  const callGrpc = async ({ method }: Exercise, json: string): Promise<Outcome> => {
    const message = toBinary(method.input, fromJsonString(method.input, json));
    const stream = session.request({
      [secretHeader]: secret,
      ":method": "POST",
      ":path": pathOf(method),
      "content-type": "application/grpc",
      te: "trailers",
    });
    const fields: Record<string, unknown> = {};
    stream.on("response", (header) => Object.assign(fields, header));
    stream.on("trailers", (trailer) => Object.assign(fields, trailer));
    stream.resume().end(envelope(0, message));
    await once(stream, "end");
    const { "grpc-status": status, "grpc-message": text } = fields;
    return { isOk: status === "0" || status === "8", text: decodeURIComponent(String(text)) };
  };
  const callJson = async ({ method }: Exercise, body: string): Promise<Outcome> => {
    const headers = { [secretHeader]: secret, "content-type": "application/json" };
    const response = await fetch(`${url}${pathOf(method)}`, { method: "POST", headers, body });
    return { isOk: response.ok || response.status === 429, text: await response.text() };
  };

  return {
    /**
     * Runs an exercise's burst several times, over both protocols at once.
     *
     * @throws Error when a call fails
     */
    fire: async (exercise: Exercise, bursts: number): Promise<void> => {
      const { burst, rpc } = exercise;
      for (let n = 0; n < bursts; n++) {
        const calls = Array.from({ length: burst.calls }, (_, index) => {
          const json = burst.requestJson(index + 1);
          return [callGrpc(exercise, json), callJson(exercise, json)];
        }).flat();
        const failed = (await Promise.all(calls)).find(({ isOk }) => !isOk);
        if (failed !== undefined) {
          throw new Error(`Expected ${rpc} to work before the server serves, got: ${failed.text}`);
        }
      }
    },
    close: (): void => {
      session.destroy();
      listener.cut();
      void listener.drain();
    },
  };
}

function pathOf({ parent, name }: Exercise["method"]): string {
  return `/${parent.typeName}/${name}`;
}

function onlyWith(secret: string, adapter: Adapter): Adapter {
  return {
    handleRequest: (request, response) => {
      if (request.headers[secretHeader] === secret) {
        adapter.handleRequest(request, response);
      } else {
        request.destroy();
      }
    },
    handleStream: (stream, headers) => {
      if (headers[secretHeader] === secret) {
        adapter.handleStream(stream, headers);
      } else {
        stream.close();
      }
    },
    serveStream: (stream, socket) => {
      if (stream.fields.get(secretHeader) === secret) {
        adapter.serveStream(stream, socket);
      } else {
        stream.reset();
      }
    },
  };
}
