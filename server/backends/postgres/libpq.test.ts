import { expect, test } from "vitest";
import { loadLibpq } from "./libpq.ts";

test("a machine without libpq is told what to install", () => {
  expect(() => loadLibpq(["libpq-is-not-here.so"])).toThrow(
    /^Expected libpq, .* found none of libpq-is-not-here\.so\. Install it: apt-get install libpq5/,
  );
});
