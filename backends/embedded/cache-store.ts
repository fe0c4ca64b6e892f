/** Max remembered changes; the oldest is forgotten. */
const maxKeys = 10_000;

type Value = string | null;

export class CacheStore {
  /** Keys that were set (a value) or deleted (null). */
  readonly #changed = new Map<string, Value>();
  readonly #initial: (key: string) => Value;

  /** @param initial value of a key that was neither set nor deleted; null for none */
  constructor(initial: (key: string) => Value = () => "cached_data") {
    this.#initial = initial;
  }

  get(key: string): Value {
    const changed = this.#changed.get(key);
    return changed === undefined ? this.#initial(key) : changed;
  }

  set(key: string, value: Value): void {
    this.#changed.delete(key);
    this.#changed.set(key, value);
    const [oldest] = this.#changed.keys();
    if (this.#changed.size > maxKeys && oldest !== undefined) {
      this.#changed.delete(oldest);
    }
  }
}

/** @param nil encoding of "no value", which differs between protocol versions */
type Reply = (args: readonly string[], store: CacheStore, nil: string) => string;

const ok = "+OK\r\n";
/** "No value" in RESP2 and RESP3. */
const nil2 = "$-1\r\n";
const nil3 = "_\r\n";

const get: Reply = ([key = ""], store, nil) => bulk(store.get(key), nil);
const accept: Reply = () => ok;
const setOne = (store: CacheStore, key: string, value: string): string => {
  store.set(key, value);
  return ok;
};

const lookups: Readonly<Record<string, Reply>> = {
  GET: get,
  GETEX: get,
  MGET: (keys, store, nil) => array(keys.map((key) => bulk(store.get(key), nil))),
  EXISTS: (keys, store) => integer(keys.filter((key) => store.get(key) !== null).length),
  STRLEN: ([key = ""], store) => integer(Buffer.byteLength(store.get(key) ?? "")),
};

/** Commands by name. Those without an effect here get the same reply as from Redis. */
const replies: Readonly<Record<string, Reply>> = {
  ...lookups,
  TTL: ([key = ""], store) => integer(store.get(key) === null ? -2 : -1),
  EXPIRE: ([key = ""], store) => integer(store.get(key) === null ? 0 : 1),
  SET: ([key = "", value = ""], store) => setOne(store, key, value),
  SETEX: ([key = "", , value = ""], store) => setOne(store, key, value),
  MSET: (pairs, store) => {
    for (let index = 0; index < pairs.length; index += 2) {
      store.set(pairs[index] ?? "", pairs[index + 1] ?? "");
    }
    return ok;
  },
  DEL: (keys, store) => {
    for (const key of keys) {
      store.set(key, null);
    }
    return integer(keys.length);
  },
  PING: ([text]) => (text === undefined ? "+PONG\r\n" : bulk(text)),
  ECHO: ([text = ""]) => bulk(text),
  INFO: () => bulk("redis_version:7.4.0\r\nrole:master\r\nloading:0\r\n"),
  COMMAND: () => array([]),
  CLIENT: accept,
  SELECT: accept,
  AUTH: accept,
  READONLY: accept,
  QUIT: accept,
  HELLO: ([version = "2"]) => {
    const facts = [bulk("server"), bulk("redis"), bulk("proto"), integer(Number(version))];
    return version === "3" ? `%${facts.length / 2}\r\n${facts.join("")}` : array(facts);
  },
};

/** A connection's protocol version, and its open transaction. */
export class CacheSession {
  readonly #store: CacheStore;
  #queued: (readonly string[])[] | undefined;
  #nil = nil2;

  constructor(store: CacheStore) {
    this.#store = store;
  }

  /** Keys that a command looks up. */
  keysOf([name = "", ...args]: readonly string[]): readonly string[] {
    const upper = name.toUpperCase();
    const all = upper === "MGET" || upper === "EXISTS" ? args : args.slice(0, 1);
    return Object.hasOwn(lookups, upper) ? all : [];
  }

  /** @param failure error for a command that looks up keys; undefined for none */
  reply(command: readonly string[], failure: string | undefined): string {
    const name = (command[0] ?? "").toUpperCase();
    const queued = this.#queued;
    if (name === "MULTI") {
      this.#queued = [];
      return ok;
    }
    if (queued === undefined) {
      return this.#run(command, failure);
    }
    if (name === "EXEC" || name === "DISCARD") {
      this.#queued = undefined;
      return name === "DISCARD" ? ok : array(queued.map((one) => this.#run(one, failure)));
    }
    queued.push(command);
    return "+QUEUED\r\n";
  }

  #run([name = "", ...args]: readonly string[], failure: string | undefined): string {
    const upper = name.toUpperCase();
    if (failure !== undefined && Object.hasOwn(lookups, upper)) {
      return `-ERR ${failure}\r\n`;
    }
    if (upper === "HELLO") {
      this.#nil = args[0] === "3" ? nil3 : nil2;
    }
    const reply = Object.hasOwn(replies, upper) ? replies[upper] : undefined;
    return (
      reply?.(args, this.#store, this.#nil) ??
      `-ERR unknown command '${name}'; this cache knows ${Object.keys(replies).join(", ")}\r\n`
    );
  }
}

function bulk(value: Value, nil = nil2): string {
  return value === null ? nil : `$${Buffer.byteLength(value)}\r\n${value}\r\n`;
}

function integer(value: number): string {
  return `:${value}\r\n`;
}

function array(items: readonly string[]): string {
  return `*${items.length}\r\n${items.join("")}`;
}
