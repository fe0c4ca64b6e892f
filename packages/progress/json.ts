/**
 * A JSON object whose fields are read with their types checked.
 *
 * Every reader throws an Error that names the object and the field when the field is missing or has
 * another type.
 */
export class JsonObject {
  readonly #name: string;
  readonly #fields: Readonly<Record<string, unknown>>;

  /** @param name how error messages call the object */
  constructor(json: unknown, name: string) {
    if (typeof json !== "object" || json === null || Array.isArray(json)) {
      throw new Error(`expected ${name} to be an object, got ${quoted(json)}`);
    }
    this.#name = name;
    this.#fields = { ...json };
  }

  /** The field's value, whatever it is; undefined when it is missing. */
  value(field: string): unknown {
    return this.#fields[field];
  }

  values(): unknown[] {
    return Object.values(this.#fields);
  }

  object(field: string): JsonObject {
    return new JsonObject(this.#fields[field], `${field} of ${this.#name}`);
  }

  list(field: string): readonly unknown[] {
    const value = this.#fields[field];
    return Array.isArray(value) ? value : this.#fail(field, "a list");
  }

  string(field: string): string {
    const value = this.#fields[field];
    return typeof value === "string" ? value : this.#fail(field, "a string");
  }

  boolean(field: string): boolean {
    const value = this.#fields[field];
    return typeof value === "boolean" ? value : this.#fail(field, "true or false");
  }

  /** Reads a number from 0 to `max`. */
  number(field: string, max = Number.POSITIVE_INFINITY): number {
    const value = this.#fields[field];
    return typeof value === "number" && value >= 0 && value <= max
      ? value
      : this.#fail(field, max === Number.POSITIVE_INFINITY ? "a number from 0" : `0 to ${max}`);
  }

  oneOf<Word extends string>(field: string, words: readonly Word[]): Word {
    const value = this.#fields[field];
    return words.find((word) => word === value) ?? this.#fail(field, words.join(" or "));
  }

  /** Reads a field that may be missing. */
  optional<Value>(field: string, read: (field: string) => Value): Value | undefined {
    return this.#fields[field] === undefined ? undefined : read.call(this, field);
  }

  /** Reads every field as an entry of a record. */
  map<Value>(read: (field: string, value: unknown) => Value): Record<string, Value> {
    return Object.fromEntries(
      Object.entries(this.#fields).map(([field, value]) => [field, read(field, value)]),
    );
  }

  #fail(field: string, expected: string): never {
    const got = quoted(this.#fields[field]);
    throw new Error(`expected ${field} of ${this.#name} to be ${expected}, got ${got}`);
  }
}

function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
