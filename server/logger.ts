import { type Logger, pino } from "pino";

export const logLevels = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/** Headers that hold secrets. */
const secrets = ["authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key"];

/** Structured logs: a line of JSON each. */
export function createLogger(level: LogLevel, write: (line: string) => void): Logger {
  const options = {
    level,
    base: { pid: process.pid },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: secrets.map((name) => `headers["${name}"]`),
  };
  return pino(options, { write });
}
