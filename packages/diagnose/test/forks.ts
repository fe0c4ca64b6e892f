/** A process and a forked one, which both block, the forked one first. */
import { fork } from "node:child_process";
import { once } from "node:events";

function block(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
}

// After the modules have been loaded.
setTimeout(async () => {
  if (process.send === undefined) {
    await once(fork(import.meta.filename), "exit");
  }
  process.stdout.write("the program's own\n");
  block();
}, 200);
