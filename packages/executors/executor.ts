/** Where a task ran. */
export interface RanOn {
  readonly executor: string;
  readonly pid: number;
  /** Node's thread id, 0 for a process's main thread; undefined for libuv's threads. */
  readonly thread?: number;
}

/** A step of a call, in chronological order. */
export interface TimingStep {
  /** "queue" and "work" are in every response; a strategy may add its own, such as "download". */
  readonly name: string;
  readonly ms: number;
}

/** Result of a task, with where and how long it ran. */
export interface Ran<Output> {
  readonly value: Output;
  readonly ranOn: RanOn;
  /** Start of the first step, on the clock of `monotonicMs`. */
  readonly beganMs: number;
  readonly timing: readonly TimingStep[];
  /**
   * CPU time of the task on its thread, in milliseconds. For a task that awaits on a shared thread,
   * only the part before its first `await`. Undefined when it was not measured.
   */
  readonly cpuMs?: number | undefined;
}

/** What most executors know of a task that has ended. */
interface Ended<Output> extends Omit<Ran<Output>, "timing"> {
  readonly queueMs: number;
  readonly workMs: number;
}

export function toRan<Output>(ended: Ended<Output>): Ran<Output> {
  const { value, ranOn, beganMs, queueMs, workMs, cpuMs } = ended;
  const timing = [
    { name: "queue", ms: queueMs },
    { name: "work", ms: workMs },
  ];
  return { value, ranOn, beganMs, timing, cpuMs };
}

/** What a task can ask in any executor. */
export interface TaskContext {
  /** Whether the task was cancelled. Long loops check it now and then, and throw. */
  stopped(): boolean;
}

/** What a task can also use when it runs on the server's own thread. */
export interface LocalContext extends TaskContext {
  /** Aborts when the task is cancelled; pass it on to whatever waits. */
  readonly signal: AbortSignal;
}

/** A function that can run in another thread or process, which finds it by module and name. */
export interface Task<Input, Output, Context = TaskContext> {
  readonly module: string;
  readonly name: string;
  readonly run: (input: Input, context: Context) => Output | Promise<Output>;
}

/**
 * Makes a task of an exported function. Input and result must be plain data, because they are
 * copied to other threads and processes.
 *
 * @param module URL of the module that exports `run` under its own name
 */
export function task<Input, Output, Context = TaskContext>(
  module: string,
  run: (input: Input, context: Context) => Output | Promise<Output>,
): Task<Input, Output, Context> {
  return { module, name: run.name, run };
}

/** Counts of an executor since its start; `maxRunning` is the window's maximum. */
export interface ExecutorVitals {
  readonly name: string;
  readonly size: number;
  readonly running: number;
  readonly queued: number;
  /** Running tasks that were stopped and do not end. */
  readonly stuck: number;
  readonly maxRunning: number;
  readonly completed: number;
  readonly failed: number;
  readonly rejected: number;
  readonly cancelled: number;
  /** CPU time of ended tasks on the executor's own threads or processes; 0 where it has none. */
  readonly cpuMs: number;
}

/** The call that a task belongs to. */
export interface TaskCall {
  /** Aborts when the task is cancelled. */
  readonly signal: AbortSignal;
  /** Connection of the call. Default: none, as for the server's own tasks. */
  readonly connection?: object | undefined;
}

/** An executor: somewhere work can run. */
export interface Executor<Context = TaskContext> {
  readonly name: string;
  /**
   * Runs a task in turn. A task whose signal aborts while it waits never runs.
   *
   * @throws Failure "overloaded" at once when the queue is full; the signal's reason when that
   *   aborts
   */
  run<Input, Output>(
    task: Task<Input, Output, Context>,
    input: Input,
    call: TaskCall,
  ): Promise<Ran<Output>>;
  /** @param slot the window's slot (see VitalsWindows). Default: the shared window's */
  vitals(slot?: number): ExecutorVitals;
  restartWindow(slot: number): void;
  /** Waits briefly for running tasks, then ends threads and processes. */
  close(): Promise<void>;
}

export interface ExecutorsConfig {
  readonly cpuWorkers: number;
  readonly blockingThreads: number;
  readonly libuvThreads: number;
  readonly processes: number;
  readonly maxQueue: number;
  /** Redis that holds the jobs of `queue`. Default: none, and the strategy is not available. */
  readonly redisUrl?: string | undefined;
  /** Reports problems that no caller is left to receive. */
  readonly log: (message: string) => void;
}

/**
 * Max windows that are open at once. Whatever has a maximum per window (running tasks, calls of a
 * backend) keeps one value per slot.
 */
export const windowSlots = 40;

/** Slot of the shared window, which starts with the process and is never restarted. */
export const sharedSlot = 0;
