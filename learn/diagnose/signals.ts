/** What ends a program that does not listen. */
const fatal = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Does something before a signal ends the process, which it then does as ever. A program that listens
 * for the signal itself decides alone what it means.
 */
export function onFatalSignal(work: () => void): void {
  for (const signal of fatal) {
    let others = 0;
    const isOthers = (name: string | symbol, listener: unknown) =>
      name === signal && listener !== onSignal;
    const onNewListener = (name: string | symbol, listener: unknown) => {
      others += isOthers(name, listener) ? 1 : 0;
    };
    const onRemoveListener = (name: string | symbol, listener: unknown) => {
      if (isOthers(name, listener)) {
        // One that listens once is removed before it is called, and counts until it has been.
        queueMicrotask(() => others--);
      }
    };
    const onSignal = () => {
      if (others === 0) {
        work();
        process.off("newListener", onNewListener);
        process.off("removeListener", onRemoveListener);
        process.off(signal, onSignal);
        process.kill(process.pid, signal);
      }
    };
    process.on(signal, onSignal);
    process.on("newListener", onNewListener);
    process.on("removeListener", onRemoveListener);
  }
}
