import { type Logger, pino } from "pino";

export const logLevels = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/** Structured logs: one line of JSON each, without secrets. */
export function createLogger(level: LogLevel, write: (line: string) => void): Logger {
  const options = {
    level,
    base: { pid: process.pid },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(options, { write: (line) => write(redactLine(line)) });
}

const redacted = "[Redacted]";

/**
 * Names of fields and headers with secrets, including forwarded identity tokens such as
 * x-forwarded-access-token, x-amzn-oidc-data, cf-access-jwt-assertion and x-ms-client-principal.
 */
const secretName =
  /authori[sz]ation|cookie|token|key|secret|credential|passw|pwd|jwt|oidc|saml|assertion|session|signature|principal/i;

// Each matches in one pass, because log lines may contain callers' texts.
const userInfo = /\/\/[^/\s"'?#]*@/g;
const queryParameter = /([?&;])([^=?&;#\s"']{1,100})=([^&#\s"']+)/g;
const scheme = /\b(bearer|basic)(\s+)[\w.~+/=-]{4,}/gi;
const webToken = /\beyJ[\w-]{4,}\.[\w-]+(?:\.[\w-]*)?/g;

/**
 * Replaces secrets in a text: passwords in URLs, secret query parameters, bearer tokens, JSON Web Tokens.
 */
export function redactText(text: string): string {
  return text
    .replace(userInfo, `//${redacted}@`)
    .replace(queryParameter, (whole, mark: string, name: string) =>
      secretName.test(name) ? `${mark}${name}=${redacted}` : whole,
    )
    .replace(scheme, `$1$2${redacted}`)
    .replace(webToken, redacted);
}

/** Replaces secrets in a line of JSON, by field name and with `redactText`. */
function redactLine(line: string): string {
  const fields: unknown = JSON.parse(line, (name, value: unknown) => {
    if (secretName.test(name)) {
      return redacted;
    }
    return typeof value === "string" ? redactText(value) : value;
  });
  return JSON.stringify(fields);
}
