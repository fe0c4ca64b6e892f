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
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findMethod } from "../../registry/methods.ts";
import type { LoadMethod } from "../drivers/driver.ts";
import { CallRandom } from "../schedule/random.ts";
import { readDataFile } from "./data-file.ts";
import { createRequests, exampleRequest, parseHeaders } from "./requests.ts";
import { compileTemplate } from "./template.ts";

function method(rpc: string): LoadMethod {
  const found = findMethod(rpc);
  if (!found) {
    throw new Error(`Expected ${rpc} in the schema`);
  }
  return found;
}

/** A method whose request has these fields, each a message with a field of text called toString. */
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

  test("without places to fill in is as it is", () => {
    const text = '{"a":{"b":[]},"c":"{nothing}"}';
    expect(compileTemplate(text).constant).toBe(true);
    expect(render(text)).toBe(text);
  });

  test("has the call's number, as often as it is asked for", () => {
    expect(compileTemplate("{n}").constant).toBe(false);
    expect(render('{"id":{n},"name":"user {n}"}', 42)).toBe('{"id":42,"name":"user 42"}');
  });

  test("has random numbers within their bounds, and all of them", () => {
    const values = new Set(Array.from({ length: 200 }, (_, n) => render("{random:-1..3}", n + 1)));
    expect([...values].sort()).toEqual(["-1", "0", "1", "2", "3"]);
  });

  test("has one of several words", () => {
    const values = new Set(
      Array.from({ length: 100 }, (_, n) => render("{pick:red|dark blue|}", n + 1)),
    );
    expect([...values].sort()).toEqual(["", "dark blue", "red"]);
  });

  test("has a UUID of version 4, another one in each place of each call", () => {
    const uuids = Array.from({ length: 5_000 }, (_, n) =>
      render("{uuid} {uuid}", n + 1).split(" "),
    );
    expect(new Set(uuids.flat()).size).toBe(10_000);
    for (const uuid of uuids.flat()) {
      expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
  });

  test("has the same for the same seed and call, and something else for others", () => {
    const text = "{uuid} {random:1..1000000} {pick:a|b|c} {uuid}";
    const template = compileTemplate(text);
    const render = (seed: string, n: number) => template.render(n, new CallRandom(seed, n));
    expect(render("7", 3)).toBe(render("7", 3));
    expect(new Set([render("7", 3), render("7", 4), render("8", 3)]).size).toBe(3);
  });

  test("has all random numbers about as often as each other, from call to call too", () => {
    const counts = Array.from({ length: 10 }, () => 0);
    for (let n = 1; n <= 20_000; n++) {
      const digit = Number(render("{random:0..9}", n));
      counts[digit] = (counts[digit] ?? 0) + 1;
    }
    // 2,000 of each are expected, with a standard deviation of 42; the seed is always the same.
    for (const count of counts) {
      expect(Math.abs(count - 2_000)).toBeLessThan(210);
    }
  });

  test("refuses bounds the wrong way round", () => {
    expect(() => compileTemplate("{random:5..1}")).toThrow(
      "Expected the lower bound first, got {random:5..1}",
    );
  });
});

describe("requests", () => {
  const requestsOf = (rpc: string, options: { data?: string; rows?: string[] }) => {
    const example = exampleRequest(method(rpc));
    const requests = createRequests({ method: method(rpc), example, ...options });
    return { at: (n: number) => requests.at(n, new CallRandom("seed", n)) };
  };
  const json = (rpc: string, message: Message) => toJson(method(rpc).input, message);

  test("of an exercise are its own example, one for each number", () => {
    const requests = requestsOf("GetUser", {});
    expect([1, 2].map((n) => json("GetUser", requests.at(n)))).toEqual([
      { user_id: 1 },
      { user_id: 2 },
    ]);
  });

  test("of any other RPC are empty, and the same object each time", () => {
    const requests = requestsOf("Ping", {});
    expect(json("Ping", requests.at(1))).toEqual({});
    expect(requests.at(2)).toBe(requests.at(1));
  });

  test("that are constant are made once", () => {
    const requests = requestsOf("GetUser", { data: '{"user_id":7}' });
    expect(requests.at(5)).toBe(requests.at(1));
  });

  test("are filled in anew where they are templates", () => {
    const requests = requestsOf("GetUser", { data: '{"user_id":{n}}' });
    expect(json("GetUser", requests.at(9))).toEqual({ user_id: 9 });
    expect(requests.at(9)).not.toBe(requests.at(9));
  });

  test("come from rows in turn", () => {
    const requests = requestsOf("GetUser", { rows: ['{"user_id":5}', '{"user_id":{n}}'] });
    expect([1, 2, 3, 4].map((n) => json("GetUser", requests.at(n)))).toEqual([
      { user_id: 5 },
      { user_id: 2 },
      { user_id: 5 },
      { user_id: 4 },
    ]);
    expect(requests.at(3)).toBe(requests.at(1));
  });

  test.each([
    ["{", "Expected --data to be the request of GetUser as JSON, got {: "],
    ['{"id":1}', 'key "id" is unknown; GetUserRequest has user_id'],
    ['{"user_id":"x"}', "user_id"],
    ["[1]", "GetUser as JSON, got [1]"],
  ])("say what does not fit in %s", (data, message) => {
    expect(() => requestsOf("GetUser", { data }).at(1)).toThrow(message);
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

  test("of JSON lines has a request a line, and may have empty ones", async () => {
    expect(await read("a.jsonl", '{"data":"x"}\r\n\n{"data":"y"}\n')).toEqual([
      { data: "x" },
      { data: "y" },
    ]);
  });

  test("of a JSON array has a request an element", async () => {
    expect(await read("a.json", ' [{"data":"x"},\n{}]')).toEqual([{ data: "x" }, {}]);
  });

  test("of CSV has fields by its header, in either spelling, and leaves out empty cells", async () => {
    const csv = 'data,rounds\n"a, ""quoted"" {n}",3\nplain,\n';
    expect(await read("a.csv", csv)).toEqual([
      { data: 'a, "quoted" {n}', rounds: "3" },
      { data: "plain" },
    ]);
  });

  test("of lines may have a template where JSON has no text", async () => {
    const path = join(folder, "templates.jsonl");
    await writeFile(path, '{"rounds":{pick:1|2}}\n');
    expect(await readDataFile(path, method("ComputeHash"))).toEqual(['{"rounds":{pick:1|2}}']);
  });

  test("of CSV fills fields that are called like what every object has", async () => {
    const path = join(folder, "names.csv");
    const names = ["constructor", "__proto__", "toString", "hasOwnProperty"];
    await writeFile(path, `${names.map((name) => `${name}.toString`).join(",")}\na,b,c,d\n`);
    const [row = ""] = await readDataFile(path, methodWithFields(names));
    expect(row).toBe(
      '{"constructor":{"toString":"a"},"__proto__":{"toString":"b"},"toString":{"toString":"c"},"hasOwnProperty":{"toString":"d"}}',
    );
    expect({}.toString()).toBe("[object Object]");
  });

  test("of CSV reads true and false", async () => {
    expect(await read("b.csv", "restart_window\ntrue\n", "GetVitals")).toEqual([
      { restart_window: true },
    ]);
  });

  test.each([
    ["none.jsonl", "", "to have at least one request, got none"],
    ["header.csv", "data\n", "to have at least one request, got none"],
    ["bad.jsonl", '{"data":"x"}\n{data}\n', "bad.jsonl, line 2: expected a request as JSON"],
    ["bad.json", "[1,", "bad.json: expected a request as JSON"],
    [
      "field.csv",
      "dat\nx\n",
      'field.csv, line 1: there is no field "dat"; ComputeHashRequest has data, rounds',
    ],
    ["long.csv", "data\nx,y\n", "long.csv: Invalid Record Length"],
  ])("that is wrong is refused: %s", async (name, text, message) => {
    await expect(read(name, text)).rejects.toThrow(message);
  });

  test("whose cell is no boolean is refused", async () => {
    await expect(read("c.csv", "restart_window\nmaybe\n", "GetVitals")).rejects.toThrow(
      'c.csv, line 2, restart_window: expected true or false, got "maybe"',
    );
  });

  test("that is not there is refused", async () => {
    await expect(readDataFile(join(folder, "missing"), method("GetUser"))).rejects.toThrow(
      "missing (ENOENT)",
    );
  });
});

describe("headers", () => {
  test("are read with lower-case names", () => {
    expect(parseHeaders(["Authorization: Bearer a:b", "x-id:{n}"])).toEqual({
      authorization: "Bearer a:b",
      "x-id": "{n}",
    });
  });

  test("can be called like what every object has", () => {
    const names = ["constructor", "__proto__", "tostring", "hasownproperty", "valueof"];
    const headers = parseHeaders(names.map((name) => `${name}: x`));
    expect(Object.entries(headers)).toEqual(names.map((name) => [name, "x"]));
    expect(() => parseHeaders(["__proto__: 1", "__proto__: 2"])).toThrow('got "__proto__" twice');
  });

  test.each([
    [["nothing"], 'Expected --header to be like "name: value", got "nothing"'],
    [[": x"], 'Expected --header to be like "name: value"'],
    [["a b: x"], 'Expected --header to be like "name: value"'],
    [["x: a\nb"], 'Expected --header to be like "name: value"'],
    [["Content-Type: x"], 'one that the protocol does not set, got "content-type"'],
    [["grpc-timeout: 1S"], 'one that the protocol does not set, got "grpc-timeout"'],
    [["Keep-Alive: 5"], 'one that the protocol does not set, got "keep-alive"'],
    [["expect: 100-continue"], 'one that the protocol does not set, got "expect"'],
    [["x: 1", "X: 2"], 'Expected each --header once, got "x" twice'],
  ])("%j are refused", (texts, message) => {
    expect(() => parseHeaders(texts)).toThrow(message);
  });
});
