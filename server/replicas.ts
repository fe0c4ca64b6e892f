import cluster, { type Worker } from "node:cluster";
import { once } from "node:events";

/** A replica that dies sooner than this after its start is not started again, in milliseconds. */
const crashLoopMs = 1_000;

/**
 * Runs `count` copies of this very command behind one port, and starts one again that dies. Resolves
 * with the address when all of them serve.
 *
 * Connections are handed out in turn, calls are not: one HTTP/2 client stays with one replica.
 *
 * @throws Error when one of them does not start; it has said why on standard error
 */
export async function startReplicas(
  count: number,
  log: (message: string) => void,
): Promise<string> {
  let serving = false;

  const startOne = (): Promise<string> => {
    const startedMs = performance.now();
    const replica = cluster.fork();
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    replica.once("message", ({ url }: { url: string }) => resolve(url));
    // Its exit, which follows, says it too.
    replica.on("error", () => {});
    replica.once("exit", (code, signal) => {
      const reason = signal ?? `exit code ${code}`;
      reject(new Error(`A replica did not start (${reason}).`));
      if (serving && performance.now() - startedMs > crashLoopMs) {
        log(`The replica ${replica.process.pid} ended (${reason}); starting another.`);
        startOne().catch((error: Error) => log(error.message));
      }
    });
    return promise;
  };

  const signalAll = (signal: NodeJS.Signals) => {
    serving = false;
    for (const replica of replicas()) {
      replica.process.kill(signal);
    }
  };

  try {
    const [url = ""] = await Promise.all(Array.from({ length: count }, startOne));
    serving = true;
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.on(signal, () => {
        void exitAfter(replicas());
        signalAll(signal);
      });
    }
    return url;
  } catch (error) {
    signalAll("SIGKILL");
    throw error;
  }
}

function replicas(): Worker[] {
  return Object.values(cluster.workers ?? {}).filter((replica) => replica !== undefined);
}

/** Exits when all of them have, with the worst of their exit codes. */
async function exitAfter(leaving: readonly Worker[]): Promise<void> {
  const codes = await Promise.all(
    leaving.map(async (replica) => {
      const [code]: (number | null)[] = await once(replica, "exit");
      return code ?? 1;
    }),
  );
  process.exit(Math.max(0, ...codes));
}
