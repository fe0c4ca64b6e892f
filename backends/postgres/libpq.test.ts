import { expect, test } from "vitest";
import { loadLibpq } from "./libpq.ts";

test("says what to install on a machine without libpq", () => {
  expect(() => loadLibpq(["libpq-is-not-here.so"])).toThrow(
    /libpq-is-not-here\.so.* apt-get install libpq5/,
  );
});
