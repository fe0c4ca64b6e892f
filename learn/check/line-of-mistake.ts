import type { CodeLine, Diagnosis, DiagnosisName } from "@unblock/diagnose/diagnosis";

/** Code that a mistake is most often made with, the likeliest first. */
const patterns: Partial<Record<DiagnosisName, readonly RegExp[]>> = {
  "mixed-up-calls": [/^(?:let|var)\s+(\w+)/, /(Promise\.race)/, /\.(push)\(/],
  "fails-beside-others": [/\b(throw)\b/, /\.(abort)\(/, /^(?:let|var)\s+(\w+)/],
  "answer-not-from-backend": [/\b(return)\b/],
  "stale-value": [/\b(Map|WeakMap)\b/, /^(?:let|var)\s+(\w+)/, /(\w+)\s*\?\?=/],
  "asks-too-often": [
    /\b(fetch|request|findUserBlocking|getFromCache|downloadImage|readFile)\(/,
    /\.(run)\(/,
  ],
  "retries-without-end": [/\b(while|for)\s*\(/, /\b(catch)\b/],
  "hides-failure": [/\b(catch)\b/, /\b(allSettled)\b/, /\b(race)\b/, /(\?\?|\|\|)/],
  "executor-per-call": [/\bnew\s+(Worker|Piscina|\w*Pool)\b/, /\b(fork|spawn|execFile|exec)\w*\(/],
  "left-behind": [
    /\bnew\s+(Worker|Piscina|\w*Pool|Agent)\b/,
    /\b(fork|spawn|setInterval|createClient|connect|open)\w*\(/,
  ],
  "connection-per-call": [
    /\bnew\s+(Agent|Client|Pool|Redis|Socket)\b/,
    /\b(createClient|createConnection|connect)\(/,
    /\b(agent)\b/,
    /\b(request|get)\(/,
  ],
  "body-not-read": [/\b(fetch|request|get)\(/],
  "loop-kept-busy": [/\b(setInterval|setImmediate|setTimeout)\(/, /\b(while|for)\s*\(/],
  "work-skipped": [/\b(setTimeout|sleep|delay)\(/],
  sequential: [
    /\b(for)\s*(?:await\s*)?\(/,
    /\.(then)\(/,
    /\bnew\s+(Worker)\b/,
    /\b(limit\w*|lock\w*|queue\w*|waiting)\b/i,
  ],
  "pool-too-small": [/\bnew\s+(Worker|Piscina|\w*Pool)\b/, /\b(fork)\(/],
  "more-threads-than-cores": [/\bnew\s+(Worker|Piscina|\w*Pool)\b/, /\b(fork|threads)\b/],
  "libuv-pool-saturated": [/\b(libuvThreads|UV_THREADPOOL_SIZE)\b/, /\b(readFile|open)\(/],
  "signal-ignored": [
    /\b(fetch|request|getFromCache|downloadImage\w*|readFile|execFile)\(/,
    /\.(run)\(/,
  ],
  "lost-on-abort": [/\b(signal)\b/],
  "lost-at-shutdown": [/\bvoid\b/, /\b(fetch|request|setImmediate|setTimeout)\(/],
  "reply-waits-for-work": [/\bawait\s+(?!inBackground)(\w+)/],
  "wrong-executor": [/\b(strategy)\b/],
  "slower-than-its-work": [/\b(setTimeout|sleep|delay)\(/],
};
/** The fallbacks. */
const handler = [
  /export\s+(?:const|(?:async\s+)?function)\s+(handler)\b/,
  /(?:const|function)\s+(handler)\b/,
  /^export\b.*\b(handler)\b/,
];

/**
 * Guesses the line of a mistake when no evidence points to one: the first with code that such a mistake
 * is most often made with, or else the handler.
 *
 * @param file as shown to people
 */
export function lineOfMistake(
  file: string,
  source: string,
  { name }: Pick<Diagnosis, "name">,
): CodeLine | undefined {
  const lines = source.split("\n").map(withoutComment);
  for (const pattern of [...(patterns[name] ?? []), ...handler]) {
    const index = lines.findIndex((line) => !line.startsWith("import ") && pattern.test(line));
    const found = pattern.exec(lines[index] ?? "");
    if (found !== null) {
      return { file, line: index + 1, what: found[1] ?? found[0] };
    }
  }
  return undefined;
}

function withoutComment(line: string): string {
  return /^\s*(\/\/|\/?\*)/.test(line) ? "" : line;
}
