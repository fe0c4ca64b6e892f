import type { FieldViolation } from "../errors.ts";

/** Checks of request fields. Each gives what is wrong, or nothing. */

/** Counted in Unicode code points, as people count characters. */
export function checkText(field: string, text: string, maxCharacters: number): FieldViolation[] {
  const characters = [...text].length;
  return characters >= 1 && characters <= maxCharacters
    ? []
    : violation(field, `to have 1 to ${maxCharacters} characters, got ${characters}`);
}

export function checkRange(
  field: string,
  value: number,
  from: number,
  to: number,
): FieldViolation[] {
  return value >= from && value <= to
    ? []
    : violation(field, `to be from ${from} to ${to}, got ${value}`);
}

export function checkMaxBytes(field: string, text: string, maxBytes: number): FieldViolation[] {
  const bytes = Buffer.byteLength(text);
  return bytes <= maxBytes
    ? []
    : violation(field, `to be at most ${maxBytes} bytes of UTF-8, got ${bytes}`);
}

function violation(field: string, expectation: string): FieldViolation[] {
  return [{ field, description: `Expected ${field} ${expectation}.` }];
}
