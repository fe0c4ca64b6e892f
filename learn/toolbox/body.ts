export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

export function unexpected(fields: string, body: unknown): Error {
  return new Error(`Expected JSON with ${fields}, got ${JSON.stringify(body)}`);
}
