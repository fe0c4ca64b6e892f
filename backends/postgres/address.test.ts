import { describe, expect, test } from "vitest";
import { assertPostgresUrl, hidePasswords, withoutPassword } from "./address.ts";

describe("a database's URL", () => {
  test.each([
    "postgres://localhost/users",
    "postgresql://ada:secret@[::1]:5433/users?sslmode=require",
    "postgres:///users?host=/run/postgresql",
  ])("%s is valid", (url) => {
    expect(() => assertPostgresUrl(url)).not.toThrow();
  });

  test.each([
    "mysql://ada:secret@localhost/users",
    "ada:secret@localhost/users",
    "postgres://ada:secret@local host/users",
    "secret",
  ])("%s is invalid, and the message does not have its password", (url) => {
    expect(() => assertPostgresUrl(url)).toThrow(RangeError);
    expect(() => assertPostgresUrl(url)).not.toThrow("secret");
  });

  test.each([
    ["postgres://ada:s%40cret@db:5433/users", "postgres://ada:***@db:5433/users"],
    ["postgres://db/users?password=s%40cret&a=b", "postgres://db/users?password=***&a=b"],
    ["postgres://ada@db/users", "postgres://ada@db/users"],
  ])("%s is shown as %s", (url, shown) => {
    expect(withoutPassword(url)).toBe(shown);
  });

  test("removes its password from a text in every form", () => {
    const url = "postgres://ada:s%40cret@db/users?sslpassword=key%20word";
    const text = `${url}; s%40cret; s@cret; key word; users`;
    expect(hidePasswords(text, url)).toBe(
      "postgres://ada:***@db/users?sslpassword=***; ***; ***; ***; users",
    );
    expect(hidePasswords("ada", "postgres://db/users")).toBe("ada");
    expect(hidePasswords("50%", "postgres://ada:%zz@db/users")).toBe("50%");
  });
});
