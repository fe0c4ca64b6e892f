import { expect, test } from "vitest";
import { createPinning, parseCores } from "./pinning.ts";

test.each([
  ["0-1", [0, 1]],
  ["0", [0]],
  ["2,4-6", [2, 4, 5, 6]],
  ["", []],
])('"%s" in /proc are the cores %j', (list, cores) => {
  expect(parseCores(list)).toEqual(cores);
});

test("server and client never share a core, or it says why they are not pinned", () => {
  const { missing, server, client } = createPinning();
  const command = ["node", "--version"] as const;
  if (missing === undefined) {
    expect(server(command).slice(3)).toEqual(command);
    expect(server(command).slice(0, 2)).toEqual(["taskset", "-c"]);
    expect(server(command)[2]).not.toBe(client(command)[2]);
  } else {
    expect([server(command), client(command)]).toEqual([command, command]);
  }
});
