import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, createFileRegistry, type Message, toJson } from "@bufbuild/protobuf";
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import { findMethod } from "@unblock/proto/methods";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LoadMethod } from "../drivers/driver.ts";
import { readDataFile } from "./data-file.ts";
import { CallRandom, compileTemplate, createRequests, parseHeaders } from "./requests.ts";

function method(rpc: string): LoadMethod {
  const found = findMethod(rpc);
  if (!found) {
    throw new Error(`Expected ${rpc} in the schema`);
  }
  return found;
}

/** A method whose request has these fields, each a message with a string field named toString. */
function methodWithFields(names: readonly string[]): LoadMethod {
  const { STRING, MESSAGE } = FieldDescriptorProto_Type;
  const label = FieldDescriptorProto_Label.OPTIONAL;
  const field = names.map((name, at) => ({
    ...{ name: `field_${at}`, jsonName: name, number: at + 1, label },
    ...{ type: MESSAGE, typeName: ".names.Inner" },
  }));
  const inner = { name: "toString", jsonName: "toString", number: 1, label, type: STRING };
  const type = { inputType: ".names.Request", outputType: ".names.Inner" };
  const file = create(FileDescriptorProtoSchema, {
    ...{ name: "names.proto", package: "names", syntax: "proto3" },
    messageType: [
      { name: "Inner", field: [inner] },
      { name: "Request", field },
    ],
    service: [{ name: "Names", method: [{ name: "Call", ...type }] }],
  });
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] }));
  const [found] = registry.getService("names.Names")?.methods ?? [];
  if (found?.methodKind !== "unary") {
    throw new Error("Expected a unary RPC");
  }
  return { ...found, methodKind: "unary" };
}

describe("a template", () => {
  const render = (text: string, n = 1) =>
    compileTemplate(text).render(n, new CallRandom("seed", n));

  test("without placeholders stays as it is", () => {
    const text = '{"a":{"b":[]},"c":"{nothing}"}';
    expect(compileTemplate(text).constant).toBe(true);
    expect(render(text)).toBe(text);
  });

  test("replaces {n} by the call's number", () => {
    expect(compileTemplate("{n}").constant).toBe(false);
    expect(render('{"id":{n},"name":"user {n}"}', 42)).toBe('{"id":42,"name":"user 42"}');
  });

  test("replaces {random} by all numbers within the bounds", () => {
    const values = new Set(Array.from({ length: 200 }, (_, n) => render("{random:-1..3}", n + 1)));
    expect([...values].sort()).toEqual(["-1", "0", "1", "2", "3"]);
  });

  test("replaces {pick} by each of the words", () => {
    const values = new Set(
      Array.from({ length: 100 }, (_, n) => render("{pick:red|dark blue|}", n + 1)),
    );
    expect([...values].sort()).toEqual(["", "dark blue", "red"]);
  });

  test("replaces {uuid} by another UUID of version 4 each time", () => {
    const uuids = Array.from({ length: 5_000 }, (_, n) =>
      render("{uuid} {uuid}", n + 1).split(" "),
    );
    expect(new Set(uuids.flat()).size).toBe(10_000);
    for (const uuid of uuids.flat()) {
      expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
  });

  test("depends only on seed and call number", () => {
    const text = "{uuid} {random:1..1000000} {pick:a|b|c} {uuid}";
    const template = compileTemplate(text);
    const render = (seed: string, n: number) => template.render(n, new CallRandom(seed, n));
    expect(render("7", 3)).toBe(render("7", 3));
    expect(new Set([render("7", 3), render("7", 4), render("8", 3)]).size).toBe(3);
  });

  test("has uniform random numbers, also across calls", () => {
    const counts = Array.from({ length: 10 }, () => 0);
    for (let n = 1; n <= 20_000; n++) {
      const digit = Number(render("{random:0..9}", n));
      counts[digit] = (counts[digit] ?? 0) + 1;
    }
    // 2,000 of each are expected with a standard deviation of 42; the seed is fixed.
    for (const count of counts) {
      expect(Math.abs(count - 2_000)).toBeLessThan(210);
    }
  });

  test("rejects a lower bound above the upper one", () => {
    expect(() => compileTemplate("{random:5..1}")).toThrow("{random:5..1}");
  });
});

describe("requests", () => {
  const requestsOf = (rpc: string, options: { rows?: string[] }) => {
    const requests = createRequests(method(rpc), options.rows);
    return { at: (n: number) => requests(n, new CallRandom("seed", n)) };
  };
  const json = (rpc: string, message: Message) => toJson(method(rpc).input, message);

  test("of an exercise are its example, by call number", () => {
    const requests = requestsOf("GetUser", {});
    expect([1, 2].map((n) => json("GetUser", requests.at(n)))).toEqual([
      { user_id: 1 },
      { user_id: 2 },
    ]);
  });

  test("of any other RPC are one empty message", () => {
    const requests = requestsOf("Ping", {});
    expect(json("Ping", requests.at(1))).toEqual({});
    expect(requests.at(2)).toBe(requests.at(1));
  });

  test("that are constant are parsed once", () => {
    const requests = requestsOf("GetUser", { rows: ['{"user_id":7}'] });
    expect(requests.at(5)).toBe(requests.at(1));
  });

  test("of a template are parsed for each call", () => {
    const requests = requestsOf("GetUser", { rows: ['{"user_id":{n}}'] });
    expect(json("GetUser", requests.at(9))).toEqual({ user_id: 9 });
    expect(requests.at(9)).not.toBe(requests.at(9));
  });

  test("use rows in turn", () => {
    const requests = requestsOf("GetUser", { rows: ['{"user_id":5}', '{"user_id":{n}}'] });
    expect([1, 2, 3, 4].map((n) => json("GetUser", requests.at(n)))).toEqual([
      { user_id: 5 },
      { user_id: 2 },
      { user_id: 5 },
      { user_id: 4 },
    ]);
    expect(requests.at(3)).toBe(requests.at(1));
  });

  test.each(["{", '{"id":1}', '{"user_id":"x"}', "[1]"])(
    "that do not fit the schema are rejected: %s",
    (data) => {
      expect(() => requestsOf("GetUser", { rows: [data] }).at(1)).toThrow(data);
    },
  );

  test("with an unknown field are rejected with the known ones", () => {
    expect(() => requestsOf("GetUser", { rows: ['{"id":1}'] }).at(1)).toThrow("user_id");
  });
});

describe("a data file", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "unblock-data-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function read(name: string, text: string, rpc = "ComputeHash"): Promise<unknown[]> {
    const path = join(folder, name);
    await writeFile(path, text);
    return (await readDataFile(path, method(rpc))).map((row) => JSON.parse(row));
  }

  test("of JSON lines has one request per line, and may have empty lines", async () => {
    expect(await read("a.jsonl", '{"data":"x"}\r\n\n{"data":"y"}\n')).toEqual([
      { data: "x" },
      { data: "y" },
    ]);
  });

  test("of a JSON array has one request per element", async () => {
    expect(await read("a.json", ' [{"data":"x"},\n{}]')).toEqual([{ data: "x" }, {}]);
  });

  test("of CSV has fields by its header, and omits empty cells", async () => {
    const csv = 'data,rounds\n"a, ""quoted"" {n}",3\nplain,\n';
    expect(await read("a.csv", csv)).toEqual([
      { data: 'a, "quoted" {n}', rounds: "3" },
      { data: "plain" },
    ]);
  });

  test("of lines may have a placeholder outside of strings", async () => {
    const path = join(folder, "templates.jsonl");
    await writeFile(path, '{"rounds":{pick:1|2}}\n');
    expect(await readDataFile(path, method("ComputeHash"))).toEqual(['{"rounds":{pick:1|2}}']);
  });

  test("of CSV sets fields named like properties of every object", async () => {
    const path = join(folder, "names.csv");
    const names = ["constructor", "__proto__", "toString", "hasOwnProperty"];
    await writeFile(path, `${names.map((name) => `${name}.toString`).join(",")}\na,b,c,d\n`);
    const [row = ""] = await readDataFile(path, methodWithFields(names));
    expect(row).toBe(
      '{"constructor":{"toString":"a"},"__proto__":{"toString":"b"},"toString":{"toString":"c"},"hasOwnProperty":{"toString":"d"}}',
    );
    expect({}.toString()).toBe("[object Object]");
  });

  test("of CSV has booleans", async () => {
    expect(await read("b.csv", "restart_window\ntrue\n", "GetVitals")).toEqual([
      { restart_window: true },
    ]);
  });

  test.each([
    ["none.jsonl", "", "none.jsonl"],
    ["header.csv", "data\n", "header.csv"],
    ["bad.jsonl", '{"data":"x"}\n{data}\n', "bad.jsonl, line 2"],
    ["bad.json", "[1,", "bad.json"],
    ["field.csv", "dat\nx\n", "field.csv, line 1"],
    ["long.csv", "data\nx,y\n", "long.csv"],
  ])("is rejected with the line: %s", async (name, text, where) => {
    await expect(read(name, text)).rejects.toThrow(where);
  });

  test("is rejected when a cell is no boolean", async () => {
    await expect(read("c.csv", "restart_window\nmaybe\n", "GetVitals")).rejects.toThrow(
      "c.csv, line 2, restart_window",
    );
  });

  test("is rejected when it does not exist", async () => {
    await expect(readDataFile(join(folder, "missing"), method("GetUser"))).rejects.toThrow(
      "ENOENT",
    );
  });
});

describe("headers", () => {
  test("are parsed with lower-case names", () => {
    expect(parseHeaders(["Authorization: Bearer a:b", "x-id:{n}"])).toEqual({
      authorization: "Bearer a:b",
      "x-id": "{n}",
    });
  });

  test("may be named like properties of every object", () => {
    const names = ["constructor", "__proto__", "tostring", "hasownproperty", "valueof"];
    const headers = parseHeaders(names.map((name) => `${name}: x`));
    expect(Object.entries(headers)).toEqual(names.map((name) => [name, "x"]));
    expect(() => parseHeaders(["__proto__: 1", "__proto__: 2"])).toThrow("__proto__");
  });

  test.each([
    [["nothing"], "nothing"],
    [[": x"], ": x"],
    [["a b: x"], "a b: x"],
    [["x: a\nb"], "x: a\nb"],
    [["Content-Type: x"], "content-type"],
    [["grpc-timeout: 1S"], "grpc-timeout"],
    [["Keep-Alive: 5"], "keep-alive"],
    [["expect: 100-continue"], "expect"],
    [["x: 1", "X: 2"], "x"],
  ])("%j are rejected with the header", (texts, header) => {
    expect(() => parseHeaders(texts)).toThrow(`"${header}"`);
  });
});
