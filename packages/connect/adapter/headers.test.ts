import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LazyHeaders } from "./headers.ts";

const names = fc.constantFrom(
  "content-type",
  "X-Trace",
  "x-trace",
  "set-cookie",
  "constructor",
  ":path",
  "no good",
  "",
);
const values = fc.constantFrom("a", "", " b ", "c, d", "é", "Ω", "e\r\nf", "\0");

/** Operations on headers, and their results. */
const steps = fc.oneof(
  fc.record({ does: fc.constantFrom("get", "has", "delete"), name: names }),
  fc.record({ does: fc.constantFrom("set", "append"), name: names, value: values }),
  fc.record({
    does: fc.constantFrom("entries", "keys", "values", "forEach", "getSetCookie", "of"),
  }),
);
type Step = { does: string; name?: string; value?: string };

function take({ does, name = "", value = "" }: Step, headers: Headers): unknown {
  switch (does) {
    case "get":
      return headers.get(name);
    case "has":
      return headers.has(name);
    case "delete":
      return headers.delete(name);
    case "set":
      return headers.set(name, value);
    case "append":
      return headers.append(name, value);
    case "entries":
      return [...headers.entries()];
    case "keys":
      return [...headers.keys()];
    case "values":
      return [...headers.values()];
    case "getSetCookie":
      return headers.getSetCookie();
    case "forEach": {
      const seen: string[] = [];
      headers.forEach((one, key) => {
        seen.push(`${key}: ${one}`);
      });
      return seen;
    }
    default:
      return [...new Headers(headers)];
  }
}

function outcome(step: Step, headers: Headers): unknown {
  try {
    return { result: take(step, headers) };
  } catch (error) {
    return { threw: error instanceof Error && error.name };
  }
}

describe("lazy headers", () => {
  test("behave like web headers under any operations", () => {
    const begin = { "content-type": "application/proto", "x-trace": "1" };
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 12 }), (doing) => {
        const lazy = new LazyHeaders(begin);
        const web = new Headers(begin);
        for (const step of doing) {
          // Invalid names are missing rather than rejected while headers are plain.
          const isWrongName = step.does === "get" || step.does === "has";
          if (isWrongName && !/^[\w-]+$/.test((step as Step).name ?? "")) {
            continue;
          }
          expect(outcome(step, lazy)).toEqual(outcome(step, web));
        }
        expect([...lazy]).toEqual([...web]);
      }),
    );
  });

  test("never change Node's own headers", () => {
    const node = { ":path": "/x", host: "here", "set-cookie": ["a=1", "b=2"] };
    const lazy = new LazyHeaders(node);
    expect(lazy.get("Host")).toBe("here");
    lazy.set("host", "there");
    expect([...lazy]).toEqual([
      ["host", "there"],
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
    ]);
    expect(node.host).toBe("here");
  });

  test("stay plain under get and set", () => {
    const begin = { a: "1" };
    const lazy = new LazyHeaders(begin);
    expect(lazy.isUnchanged).toBe(true);
    lazy.set("b", "2");
    expect(lazy.get("a")).toBe("1");
    expect(lazy.has("c")).toBe(false);
    expect(lazy.plain).toEqual({ a: "1", b: "2" });
    expect([...lazy.keys()]).toEqual(["a", "b"]);
    expect(lazy.plain).toBeUndefined();
    expect(lazy.isUnchanged).toBe(false);
    expect(begin).toEqual({ a: "1" });
  });
});
