import { execFileSync } from "node:child_process";
import { pbkdf2 } from "node:crypto";
import { stat } from "node:fs/promises";

/** Queues eight hashes and a probe behind them, and prints how many end before the probe. */
async function probePool(): Promise<void> {
  let ended = 0;
  for (let n = 0; n < 8; n++) {
    pbkdf2("password", "salt", 200_000, 32, "sha256", () => ended++);
  }
  const beganMs = performance.now();
  await stat(import.meta.filename);
  const tookMs = performance.now() - beganMs;
  console.log(ended < 5 ? "stat goes ahead" : "stat waits until at least 5 of 8 hashes have ended");
  console.log(`here: stat took ${tookMs.toFixed(1)} ms, and ${ended} hashes had ended`);
}

if (process.env.PROBE) {
  await probePool();
} else {
  for (const size of [undefined, "16"]) {
    console.log(size ? `UV_THREADPOOL_SIZE=${size}` : "UV_THREADPOOL_SIZE is not set");
    // A process reads the size once, so each size gets a process of its own.
    const env = { ...process.env, PROBE: "1", UV_THREADPOOL_SIZE: size };
    execFileSync(process.execPath, [import.meta.filename], { env, stdio: "inherit" });
  }
}
