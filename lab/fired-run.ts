import { once } from "node:events";
import { create, type DescMessage, type MessageInitShape, toJson } from "@bufbuild/protobuf";
import type { RunMessage } from "@unblock/proto/fired-runs";

/** Sends a message to the server that started this process. */
export type Send = (message: RunMessage) => void;

/**
 * Executes the order of the server that started this process: a server that fires bursts or load itself would
 * share its event loop with them. The process exits when the run ends, when the server disconnects, or after
 * `timeoutMs`.
 *
 * @param responses schema of the events that `report` sends
 */
export async function runOrder<Order, Responses extends DescMessage>(
  responses: Responses,
  timeoutMs: number,
  run: (
    order: Order,
    report: (event: MessageInitShape<Responses>) => void,
    send: Send,
  ) => Promise<void>,
): Promise<never> {
  process.once("disconnect", () => process.exit(1));
  const [order]: Order[] = await once(process, "message");
  if (order === undefined) {
    throw new Error("Expected to be started by a server that sends an order");
  }
  let sent = Promise.resolve();
  const send: Send = (message) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    // Delivered or not: this process exits when the server disconnects.
    process.send?.(message, () => resolve());
    sent = promise;
  };
  const report = (event: MessageInitShape<Responses>) =>
    send({ kind: "event", event: toJson(responses, create(responses, event)) });
  const late = Promise.withResolvers<never>();
  setTimeout(() => {
    late.reject(new Error(`The run took longer than ${Math.round(timeoutMs / 1_000)} s.`));
  }, timeoutMs);
  try {
    await Promise.race([run(order, report, send), late.promise]);
  } catch (error) {
    send({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  }
  await sent;
  process.exit(0);
}
