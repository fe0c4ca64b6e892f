/** Fills standard error, blocks the loop, and ends with exit code 7 or by the signal SIGTERM if that is the argument. */
const cell = new Int32Array(new SharedArrayBuffer(4));

setTimeout(() => {
  process.stderr.on("error", () => {});
  process.stderr.write("x".repeat(1_000_000));
  // Long enough to be seen on a machine without a free core.
  Atomics.wait(cell, 0, 0, 1_000);
  if (process.argv[2] === "SIGTERM") {
    process.kill(process.pid, "SIGTERM");
    setInterval(() => {}, 1_000);
  } else {
    process.exit(7);
  }
}, 100);
