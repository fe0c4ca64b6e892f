/** What the strategies' names mean, whatever the work is. */
export const strategyMeanings = {
  "event-loop": "a synchronous call, on the event loop",
  async: "on the event loop, which waits for a socket",
  libuv: "an asynchronous function of Node's that uses libuv's pool",
  threads: "a pool of 16 worker threads, made for waiting",
  workers: "worker threads, one a core, made for computing",
  processes: "a process of its own",
  queue: "a job that others take; the caller asks for its result later",
  background: "after the reply, in the same process",
  await: "before the reply, which waits for it",
  sequential: "one after another, each awaited before the next begins",
  parallel: "all at once, awaited together",
} as const;
