/** Where a piece of work ran, as the place that ran it says. */
export interface RanOn {
  readonly place: string;
  readonly pid: number;
  /** Node's thread id, 0 for a process's main thread; undefined where threads have none (libuv). */
  readonly thread?: number;
}

/** A part of a call's time, in the order in which the parts passed. */
export interface TimingStep {
  /** "queue" and "work" are every place's; a strategy may add its own, such as "download". */
  readonly name: string;
  readonly ms: number;
}

/** What a place gives back: the result, where it was made, and how long it queued and ran. */
export interface Ran<Output> {
  readonly value: Output;
  readonly ranOn: RanOn;
  /** When the first step of `timing` began, on the clock of `monotonicMs`. */
  readonly beganMs: number;
  readonly timing: readonly TimingStep[];
  /**
   * CPU time of the task on the thread that ran it, in milliseconds. Of a task that awaits on a thread it
   * shares with others, only the part before its first `await`. Undefined where nobody counted it.
   */
  readonly cpuMs?: number | undefined;
}

/** What a running task can ask wherever it runs. */
export interface TaskContext {
  /** Whether nobody wants the result any more. Long loops ask now and then, and throw. */
  stopped(): boolean;
}

/** What a task can also ask when it runs in the server's own thread. */
export interface LocalContext extends TaskContext {
  /** Aborts when nobody wants the result any more; hand it on to what waits. */
  readonly signal: AbortSignal;
}

/**
 * A function that can run in another thread or process: there it is found again by the module that
 * exports it and its name.
 */
export interface Task<Input, Output, Context = TaskContext> {
  readonly module: string;
  readonly name: string;
  readonly run: (input: Input, context: Context) => Output | Promise<Output>;
}

/**
 * Makes a task of an exported function. `input` and result must be plain data: they are copied when
 * the task runs elsewhere.
 *
 * @param module `import.meta.url` of the module that exports `run` under its own name
 */
export function task<Input, Output, Context = TaskContext>(
  module: string,
  run: (input: Input, context: Context) => Output | Promise<Output>,
): Task<Input, Output, Context> {
  return { module, name: run.name, run };
}

/** What a place says of itself. Counts are since its start, `mostRunning` since the window began. */
export interface PlaceVitals {
  readonly name: string;
  readonly size: number;
  readonly running: number;
  readonly queued: number;
  /** Those of `running` that were told to end, or that nobody waits for, and that do not end. */
  readonly stuck: number;
  readonly mostRunning: number;
  readonly completed: number;
  readonly failed: number;
  readonly refused: number;
  readonly withdrawn: number;
  /** CPU time of the tasks that ended on its own threads or in its processes; 0 where it has none. */
  readonly cpuMs: number;
}

/** For whom a task runs. */
export interface TaskCall {
  /** Aborts when nobody wants the result any more. */
  readonly signal: AbortSignal;
  /** The connection that the call came over. Default: none, as for the server's own work. */
  readonly connection?: object | undefined;
}

/** Where work can run. */
export interface Place<Context = TaskContext> {
  readonly name: string;
  /**
   * Runs a task, in turn. Rejects with a Failure "overloaded" at once when the queue is full, and
   * with the reason of the call's signal when that aborts: a task that still waits then never runs.
   */
  run<Input, Output>(
    task: Task<Input, Output, Context>,
    input: Input,
    call: TaskCall,
  ): Promise<Ran<Output>>;
  /** @param slot the window's (see VitalsWindows); default: everybody's, since the start */
  vitals(slot?: number): PlaceVitals;
  /** Begins a window anew. @param slot the window's */
  restartWindow(slot: number): void;
  /** Lets what is running end, for a moment, then ends threads and processes. */
  close(): Promise<void>;
}

/** How the places are sized. */
export interface PlacesConfig {
  /** Threads of the pool for CPU work. */
  readonly cpuWorkers: number;
  /** Threads of the pool for blocking calls. */
  readonly blockingThreads: number;
  /** Threads that libuv's pool was started with. */
  readonly libuvThreads: number;
  /** Child processes. */
  readonly processes: number;
  /** How many tasks may wait in front of each place. */
  readonly maxQueue: number;
  /** Where the jobs of the place `queue` are. Default: nowhere, and nobody may use it. */
  readonly redisUrl?: string | undefined;
  /** Says what went wrong where no caller is left to hear it. */
  readonly log: (message: string) => void;
}

/**
 * How many windows can be open at once: what has a maximum per window (tasks that run, calls of a backend)
 * keeps one for each, in a slot that the window has while it is open.
 */
export const windowSlots = 40;

/** Slot of the window that everybody shares: it began with the process and nobody restarts it. */
export const sharedSlot = 0;
