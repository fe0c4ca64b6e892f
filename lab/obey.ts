import { once } from "node:events";
import type { Told } from "../registry/fired-runs.ts";

/** Tells the server that gave the order. */
export type Tell = (told: Told) => void;

/**
 * Does what the server that started this process orders, and ends: when it is done, when the server is
 * gone, or when it takes too long.
 *
 * @param mostMs how long it may take, in milliseconds
 */
export async function obey<Order>(
  mostMs: number,
  fire: (order: Order, tell: Tell) => Promise<void>,
): Promise<never> {
  process.once("disconnect", () => process.exit(1));
  const [order]: Order[] = await once(process, "message");
  if (order === undefined) {
    throw new Error("Expected to be started by a server that orders something");
  }
  let said = Promise.resolve();
  const tell: Tell = (told) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    // Whether it arrived or not: a server that is gone ends this process anyway.
    process.send?.(told, () => resolve());
    said = promise;
  };
  const seconds = Math.round(mostMs / 1_000);
  const late = Promise.withResolvers<never>();
  setTimeout(() => late.reject(new Error(`It took longer than ${seconds} s.`)), mostMs);
  try {
    await Promise.race([fire(order, tell), late.promise]);
  } catch (error) {
    tell({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  }
  await said;
  process.exit(0);
}
