/** Calls functions of Node's that share state between calls, in turns that are long enough to be sampled. */
const start = process.hrtime();
const wrong = { origins: 0, times: 0 };
let turns = 20;

function work(): void {
  const untilMs = performance.now() + 100;
  while (performance.now() < untilMs) {
    wrong.origins += Number(new URL("http://127.0.0.1/path").origin !== "http://127.0.0.1");
    const [seconds] = process.hrtime(start);
    wrong.times += Number(seconds < 0 || seconds > 600);
  }
  if (--turns > 0) {
    setTimeout(work, 50);
  } else {
    process.stdout.write(JSON.stringify(wrong));
  }
}

// After the modules have been loaded.
setTimeout(work, 50);
