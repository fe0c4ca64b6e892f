import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { promisify } from "node:util";
import { create, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { type GrpcServer, serveReflection } from "@unblock/test/echo-grpc-server";
import { temporaryFolder } from "@unblock/test/folder";
import { listen } from "@unblock/test/listen";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadMethod, resolveTarget } from "./target.ts";

const run = promisify(execFile);
const tls = { insecure: false };

/** A schema of two files; one imports the other and a file of protobuf. */
const protos = {
  "shop/v1/money.proto": `syntax = "proto3";
package shop.v1;
message Money { string currency = 1; int64 units = 2; }`,
  "shop/v1/shop.proto": `syntax = "proto3";
package shop.v1;
import "google/protobuf/timestamp.proto";
import "shop/v1/money.proto";
message Order { string id = 1; Money price = 2; google.protobuf.Timestamp placed = 3; }
service Orders {
  rpc GetOrder(Order) returns (Order);
  rpc WatchOrder(Order) returns (stream Order);
  rpc SendOrders(stream Order) returns (Order);
}
service Archive { rpc GetOrder(Order) returns (Order); }`,
};

const folder = temporaryFolder();
let setFile: string;
beforeAll(async () => {
  setFile = join(folder, "shop.binpb");
  await writeFile(join(folder, "buf.yaml"), "version: v2\n");
  await mkdir(join(folder, "shop/v1"), { recursive: true });
  for (const [path, text] of Object.entries(protos)) {
    await writeFile(join(folder, path), text);
  }
  await run("buf", ["build", folder, "-o", setFile]);
});

describe("the project's schema", () => {
  test.each([
    "GetUser",
    "unblock.v1.ExercisesService/GetUser",
    "unblock.v1.ExercisesService.GetUser",
  ])("has %s", async (name) => {
    const { method, descriptorSet } = await resolveTarget(name, { tls });
    expect(method.name).toBe("GetUser");
    const again = loadMethod(descriptorSet, "unblock.v1.ExercisesService", "GetUser");
    expect(again.input.fields.map((field) => field.name)).toEqual(["user_id"]);
  });

  test.each([
    ["GetUsers", "GetUser?"],
    ["getcach", "GetCache?"],
    ["unblock.v1.ExercisesService/GetConfigs", "GetConfig?"],
    ["Frobnicate", "GetUser,"],
  ])("lacks %s, and suggests similar names", async (name, names) => {
    await expect(resolveTarget(name, { tls })).rejects.toThrow(names);
  });
});

describe("a descriptor set", () => {
  const resolve = (name: string, descriptorSetFile = setFile) =>
    resolveTarget(name, { descriptorSetFile, tls });

  test("has methods with everything they need", async () => {
    const { method, descriptorSet } = await resolve("shop.v1.Orders/GetOrder");
    expect(method.input.fields.map((field) => field.name)).toEqual(["id", "price", "placed"]);
    const again = loadMethod(descriptorSet, "shop.v1.Orders", "GetOrder");
    expect(again.input.typeName).toBe("shop.v1.Order");
  });

  test("has server streams, also by method name only", async () => {
    expect((await resolve("WatchOrder")).method.methodKind).toBe("server_streaming");
  });

  test.each([
    ["GetOrder", "shop.v1.Orders/GetOrder, shop.v1.Archive/GetOrder"],
    ["GetOrders", "shop.v1.Orders/GetOrder or shop.v1.Archive/GetOrder"],
    ["SendOrders", "shop.v1.Orders/SendOrders"],
    ["GetUser", '"GetUser"'],
  ])("rejects %s with the names", async (name, names) => {
    await expect(resolve(name)).rejects.toThrow(names);
  });

  test("is rejected when invalid, with advice", async () => {
    await expect(resolve("X", join(folder, "none"))).rejects.toThrow(/ENOENT.*buf build -o/);
    const text = join(folder, "text.binpb");
    await writeFile(text, "this is no descriptor set");
    await expect(resolve("X", text)).rejects.toThrow(/text.binpb.*buf build -o/);
    const empty = join(folder, "empty.binpb");
    await writeFile(empty, "");
    await expect(resolve("X", empty)).rejects.toThrow(/empty.binpb.*buf build -o/);
  });

  test("is rejected with the name of a missing import", async () => {
    const alone = join(folder, "alone.binpb");
    const { method } = await resolve("WatchOrder");
    const set = create(FileDescriptorSetSchema, { file: [method.parent.file.proto] });
    await writeFile(alone, toBinary(FileDescriptorSetSchema, set));
    await expect(resolve("WatchOrder", alone)).rejects.toThrow(
      /alone.binpb .*shop\/v1\/money.proto.* shop\/v1\/shop.proto.*--include_imports/,
    );
  });
});

describe("server reflection", () => {
  const servers: GrpcServer[] = [];
  afterAll(() => {
    for (const server of servers) {
      server.close();
    }
  });
  const serve = async (...versions: ("v1" | "v1alpha")[]) => {
    const { descriptorSet } = await resolveTarget("WatchOrder", {
      descriptorSetFile: setFile,
      tls,
    });
    const server = await serveReflection(descriptorSet, versions);
    servers.push(server);
    return server.url;
  };

  test.each([["v1"], ["v1alpha"]] as const)(
    "by %s returns a method with everything it needs",
    async (version) => {
      const url = await serve(version);
      const { method } = await resolveTarget("shop.v1.Orders/GetOrder", { url, tls });
      expect(method.input.fields.map((field) => field.name)).toEqual(["id", "price", "placed"]);
      expect(method.input.fields[1]?.message?.fields.map((field) => field.name)).toEqual([
        "currency",
        "units",
      ]);
    },
  );

  test("finds a method by its name, and suggests similar names", async () => {
    const url = await serve("v1", "v1alpha");
    expect((await resolveTarget("WatchOrder", { url, tls })).method.parent.typeName).toBe(
      "shop.v1.Orders",
    );
    await expect(resolveTarget("WatchOrders", { url, tls })).rejects.toThrow("WatchOrder?");
  });

  test("is not used for RPCs of the project's schema", async () => {
    const { method } = await resolveTarget("GetUser", { url: "http://127.0.0.1:1", tls });
    expect(method.parent.typeName).toBe("unblock.v1.ExercisesService");
  });

  test("is required to exist, with advice", async () => {
    const url = await serve();
    await expect(resolveTarget("shop.v1.Orders/GetOrder", { url, tls })).rejects.toThrow(
      "--descriptor-set FILE",
    );
  });

  test("reports a missing server and a server without gRPC", async () => {
    await expect(
      resolveTarget("shop.v1.Orders/GetOrder", { url: "http://127.0.0.1:1", tls }),
    ).rejects.toThrow(/http:\/\/127.0.0.1:1 .*ECONNREFUSED/);
    const web = await listen(createServer((_, response) => response.end("hello")));
    await expect(resolveTarget("shop.v1.Orders/GetOrder", { url: web.url, tls })).rejects.toThrow(
      "--descriptor-set FILE",
    );
    await web.close();
  });
});
