import { expect, test } from "vitest";
import { assertSameRequest, deduplicationOf, newJobId } from "./protocol.ts";

const scope = "s".repeat(22);
const key = `${scope}.-${"f".repeat(21)}`;

test("gives jobs without a key random ids and no deduplication", () => {
  expect(newJobId(undefined)).not.toBe(newJobId(undefined));
  expect(deduplicationOf(undefined, 1_000)).toEqual({});
});

test("deduplicates jobs with a key by its scope, with ids that no command takes for a flag", () => {
  expect(deduplicationOf(key, 1_000)).toEqual({ deduplication: { id: scope, ttl: 1_000 } });
  expect(newJobId(key)).toMatch(/^key-[\w-]{22}\.[\w-]{12}$/);
  expect(newJobId(key)).not.toBe(newJobId(key));
});

test("a job's id shows whether it is of the same request", () => {
  const id = newJobId(key);
  expect(() => assertSameRequest(id, key)).not.toThrow();
  expect(() => assertSameRequest(id, `${scope}.-${"g".repeat(21)}`)).toThrow(
    expect.objectContaining({ code: "UNBLOCK_IDEMPOTENCY_KEY_REUSED" }),
  );
});
