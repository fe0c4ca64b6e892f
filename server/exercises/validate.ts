import { Failure } from "../errors.ts";

/** Guards for request fields. Each throws a Failure "invalid" that names the field. */

/** Counted in Unicode code points, as people count characters. */
export function assertText(field: string, text: string, maxCharacters: number): void {
  const characters = [...text].length;
  if (characters < 1 || characters > maxCharacters) {
    throw new Failure(
      "invalid",
      `Expected ${field} to have 1 to ${maxCharacters} characters, got ${characters}.`,
    );
  }
}

export function assertRange(field: string, value: number, from: number, to: number): void {
  if (value < from || value > to) {
    throw new Failure("invalid", `Expected ${field} to be from ${from} to ${to}, got ${value}.`);
  }
}

export function assertMaxBytes(field: string, text: string, maxBytes: number): void {
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes) {
    throw new Failure(
      "invalid",
      `Expected ${field} to be at most ${maxBytes} bytes of UTF-8, got ${bytes}.`,
    );
  }
}
