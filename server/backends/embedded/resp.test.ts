import { describe, expect, test } from "vitest";
import { parseCommands } from "./cache-server.ts";

/** A command as Redis clients send it. */
const encode = (...parts: string[]) =>
  `*${parts.length}\r\n${parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join("")}`;

describe("parseCommands", () => {
  test("reads a command", () => {
    const data = Buffer.from(encode("GET", "key"));
    expect(parseCommands(data)).toEqual({ commands: [["GET", "key"]], rest: Buffer.alloc(0) });
  });

  test("reads several commands that came together, in their order", () => {
    const data = Buffer.from(encode("SET", "a", "1") + encode("GET", "a") + encode("PING"));
    expect(parseCommands(data).commands).toEqual([["SET", "a", "1"], ["GET", "a"], ["PING"]]);
  });

  test("counts bytes, not characters, and takes line ends inside of a value as they are", () => {
    const parts = ["SET", "schlüssel \u{1f511}", "a\r\n*1\r\n$4\r\nPING\r\n"];
    expect(parseCommands(Buffer.from(encode(...parts))).commands).toEqual([parts]);
  });

  test("takes empty strings and empty commands", () => {
    expect(parseCommands(Buffer.from(`${encode("GET", "")}*0\r\n`)).commands).toEqual([
      ["GET", ""],
      [],
    ]);
  });

  test("waits for the rest, wherever the data is cut", () => {
    const first = encode("GET", "ü");
    const data = Buffer.from(first + encode("SET", "key", "value"));
    const firstLength = Buffer.byteLength(first);
    for (let length = 0; length < data.length; length++) {
      const { commands, rest } = parseCommands(data.subarray(0, length));
      expect(commands).toEqual(length < firstLength ? [] : [["GET", "ü"]]);
      const whole = parseCommands(Buffer.concat([rest, data.subarray(length)]));
      expect([...commands, ...whole.commands]).toEqual([
        ["GET", "ü"],
        ["SET", "key", "value"],
      ]);
      expect(whole.rest).toHaveLength(0);
    }
  });

  test.each([
    ["PING\r\n", 'Expected "*" and a length, got "PING"'],
    ["*x\r\n", 'Expected "*" and a length, got "*x"'],
    ["*-1\r\n", 'Expected "*" and a length, got "*-1"'],
    ["*1.5\r\n", 'Expected "*" and a length, got "*1.5"'],
    ["*1\r\n:5\r\n", 'Expected "$" and a length, got ":5"'],
    ["*1\r\n$-1\r\n", 'Expected "$" and a length, got "$-1"'],
  ])("refuses %j", (data, message) => {
    expect(() => parseCommands(Buffer.from(data))).toThrow(message);
  });
});
