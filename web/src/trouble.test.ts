import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { troubleOf } from "./trouble.ts";

const broken = new ConnectError(
  "fetch failed",
  Code.Unknown,
  undefined,
  undefined,
  new TypeError(),
);

test.each([
  ["a connection that breaks", broken, "away", "npm start"],
  ["a server that shuts down", new ConnectError("closing", Code.Unavailable), "away", "npm start"],
  ["a missing token", new ConnectError("no token", Code.Unauthenticated), "token", ""],
  ["a time-out", new ConnectError("late", Code.DeadlineExceeded), "rejected", "Try again"],
  ["an unknown run", new ConnectError("no run x", Code.NotFound), "rejected", "list of runs"],
  ["a bug", new ConnectError("oh", Code.Internal), "rejected", "terminal"],
])("says what to do about %s", (_, error, kind, todo) => {
  const trouble = troubleOf(error, "raced");
  expect(trouble?.kind).toBe(kind);
  expect(trouble?.todo).toContain(todo);
});

test.each([Code.InvalidArgument, Code.ResourceExhausted, Code.FailedPrecondition])(
  "passes on the server's message as a sentence: code %i",
  (code) => {
    const rejected = new ConnectError("the queue is full; try again later", code);
    expect(troubleOf(rejected, "raced")).toMatchObject({
      what: "The queue is full; try again later.",
      todo: "",
    });
  },
);

test("returns undefined when the user stopped the call", () => {
  expect(troubleOf(new ConnectError("stopped", Code.Canceled), "raced")).toBeUndefined();
});
