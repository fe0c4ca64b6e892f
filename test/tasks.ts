/** Tasks for tests of executors; they run in other threads and processes. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { Failure } from "@unblock/errors/failure";
import { type LocalContext, type TaskContext, task } from "@unblock/executors/executor";

/** Blocks until the first element of the shared array is not 0. */
export function waitForGate(gate: Int32Array): string {
  Atomics.wait(gate, 0, 0);
  return "through";
}

/** Counts itself in the first array, and blocks until the first element of the second is not 0. */
export function arriveAndWait({ arrived, gate }: { arrived: Int32Array; gate: Int32Array }): void {
  Atomics.add(arrived, 0, 1);
  waitForGate(gate);
}

/** Computes until it is cancelled. */
export function computeUntilStopped(reached: Int32Array, { stopped }: TaskContext): void {
  Atomics.store(reached, 0, 1);
  while (!stopped()) {
    // Computing.
  }
  Atomics.store(reached, 0, 2);
}

export function double(value: number): number {
  return 2 * value;
}

export function seven(): number {
  return 7;
}

export function refuse(userId: number): never {
  throw new Failure("UNBLOCK_USER_NOT_FOUND", { user_id: userId });
}

export function breakDown(message: string): never {
  throw new TypeError(message);
}

/** Kills the process that runs it, as a crash in native code does. */
export function crash(): never {
  process.kill(process.pid, "SIGKILL");
  throw new Error("Expected the process to end");
}

/** Never ends. */
export function hang(): never {
  for (;;) {
    // Only terminating the thread ends this.
  }
}

/** Creates a file at the path, then never ends. */
export function markAndHang(path: string): never {
  writeFileSync(path, "");
  return hang();
}

/** Ends its thread, or the process whose main thread it is. */
export function exit(code: number): never {
  process.exit(code);
}

/** Throws outside of the task, where nothing catches it, while the task never ends. */
export function breakLater(message: string): Promise<never> {
  setImmediate(() => {
    throw new TypeError(message);
  });
  return new Promise(() => {});
}

/** Allocates until the memory is exhausted, in pieces so small that V8 can stop between two of them. */
export function takeAllMemory(): never {
  let pieces: { before: unknown; numbers: number[] } | undefined;
  for (;;) {
    const numbers: number[] = [];
    for (let number = 0; number < 10_000; number++) {
      numbers.push(number + 0.5);
    }
    pieces = { before: pieces, numbers };
  }
}

/** Blocks its thread in the kernel if the file hangs. */
export function readBlocking(path: string): string {
  return readFileSync(path, "utf8");
}

/** Blocks a thread of libuv's pool in the kernel if the file hangs. */
export function readAsync(path: string): Promise<string> {
  return readFile(path, "utf8");
}

/** Crashes after starting a process that keeps the standard error open for a minute. */
export function crashWithHeir(): never {
  spawn("sleep", ["60"], { stdio: ["ignore", "ignore", "inherit"] });
  return crash();
}

/** Blocks its thread until there is a file at the path. */
export function waitForFile(path: string): string {
  const sleep = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  while (!existsSync(path)) {
    Atomics.wait(sleep, 0, 0, 10);
  }
  return path;
}

/** Creates the file `began`, and blocks its thread until the file `end` exists. */
export function markAndWait({ began, end }: { began: string; end: string }): string {
  writeFileSync(began, "");
  return waitForFile(end);
}

export async function waitForSignal(_: null, { signal }: LocalContext): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  return promise;
}

const here = import.meta.url;

export const tasks = {
  waitForGate: task(here, waitForGate),
  arriveAndWait: task(here, arriveAndWait),
  computeUntilStopped: task(here, computeUntilStopped),
  double: task(here, double),
  seven: task<null, number>(here, seven),
  refuse: task(here, refuse),
  breakDown: task(here, breakDown),
  crash: task<null, never>(here, crash),
  hang: task<null, never>(here, hang),
  markAndHang: task<string, never>(here, markAndHang),
  exit: task<number, never>(here, exit),
  waitForSignal: task(here, waitForSignal),
  readBlocking: task<string, string>(here, readBlocking),
  readAsync: task<string, string, LocalContext>(here, readAsync),
  markAndWait: task(here, markAndWait),
  crashWithHeir: task<null, never>(here, crashWithHeir),
};

/** Makes a closed gate. */
export function createGate(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
}

export function openGate(gate: Int32Array): void {
  Atomics.store(gate, 0, 1);
  Atomics.notify(gate, 0);
}

/** A signal that never aborts. */
export const never = new AbortController().signal;

/** Context of a task without a caller. */
export const noCaller = { signal: never };
