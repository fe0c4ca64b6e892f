import { describe, expect, test } from "vitest";
import { assertPostgresUrl } from "../backends.ts";
import { hidePasswords } from "./query.ts";

describe("a database's URL", () => {
  test.each([
    "postgres://localhost/users",
    "postgresql://ada:secret@[::1]:5433/users?sslmode=require",
    "postgres:///users?host=/run/postgresql",
  ])("%s is valid", (url) => {
    expect(() => assertPostgresUrl(url)).not.toThrow();
  });

  test.each([
    ["mysql://ada:secret@localhost/users", "mysql:"],
    ["ada:secret@localhost/users", "ada:"],
    ["postgres://ada:secret@local host/users", "38"],
    ["secret", "6"],
  ])("%s is invalid, and the message does not have its password", (url, named) => {
    expect(() => assertPostgresUrl(url)).toThrow(RangeError);
    expect(() => assertPostgresUrl(url)).toThrow(` ${named}`);
    expect(() => assertPostgresUrl(url)).not.toThrow("secret");
  });

  test("removes its password from a text in every form", () => {
    const url = "postgres://ada:s%40cret@db/users?sslpassword=key%20word";
    const text = `${url}; s%40cret; s@cret; key word; users`;
    expect(hidePasswords(text, url)).toBe(
      "postgres://[Redacted]@db/users?sslpassword=[Redacted]; ***; ***; ***; users",
    );
    expect(hidePasswords("ada", "postgres://db/users")).toBe("ada");
    expect(hidePasswords("50%", "postgres://ada:%zz@db/users")).toBe("50%");
  });
});
