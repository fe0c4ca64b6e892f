/** Host and port of a Redis, without credentials. Plain data. */
export interface RedisEndpoint {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

const form = "redis://[user:password@]host[:port][/database], or rediss:// for TLS";
const defaultPort = 6379;

/** @throws RangeError that says what was expected, and never contains the password */
export function assertRedisUrl(url: string): void {
  const parsed = URL.parse(url);
  if (!parsed || !["redis:", "rediss:"].includes(parsed.protocol) || parsed.hostname === "") {
    // A text that is not a URL may be a misplaced password, so it is not repeated.
    const got = parsed
      ? `the protocol "${parsed.protocol}" and the host "${parsed.hostname}"`
      : "a text that is no URL";
    throw new RangeError(
      `Expected redisUrl to be ${form}; got ${got}. ` +
        "A password's special characters must be percent-encoded.",
    );
  }
  if (!/^\/?\d*$/.test(parsed.pathname)) {
    throw new RangeError(`Expected redisUrl to be ${form}; got the database "${parsed.pathname}"`);
  }
}

export function redisEndpoint(url: string): RedisEndpoint {
  const { protocol, hostname, port } = new URL(url);
  return {
    // URLs have IPv6 addresses in brackets.
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: port === "" ? defaultPort : Number(port),
    tls: protocol === "rediss:",
  };
}

/** The same login and database at a port of this machine, in cleartext. */
export function throughLocalPort(url: string, port: number): string {
  const local = new URL(url);
  local.protocol = "redis:";
  local.hostname = "127.0.0.1";
  local.port = String(port);
  return local.href;
}

/** Address for messages and logs, without the login. */
export function describeRedis(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === "/" ? "" : pathname}`;
}
