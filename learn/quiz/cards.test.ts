import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadCards, saveCards } from "./cards.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "unblock-quiz-"));
  path = join(folder, "quiz.json");
});

afterEach(() => rmSync(folder, { recursive: true }));

test("survives", () => {
  expect(loadCards(path)).toEqual({ state: {}, notice: undefined });
  const cards = { gzip: { rightInARow: 2, dueMs: 1_800_000_000_000 } };
  saveCards(cards, path);
  expect(loadCards(path)).toEqual({ state: cards, notice: undefined });
});

test.each([
  "[]",
  '{"gzip":null}',
  '{"gzip":{"rightInARow":-1,"dueMs":0}}',
  '{"gzip":{"rightInARow":1}}',
])("tells of damage, keeps the file aside and begins anew: %s", (damaged) => {
  writeFileSync(path, damaged);
  const { state, notice } = loadCards(path);
  expect(state).toEqual({});
  expect(notice).toContain("quiz.json was damaged");
  expect(readdirSync(join(folder, "aside"))).toHaveLength(1);
});
