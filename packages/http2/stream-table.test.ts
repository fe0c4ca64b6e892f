import fc from "fast-check";
import { expect, test } from "vitest";
import { StreamTable } from "./stream-table.ts";

interface Numbered {
  readonly id: number;
}

test("finds what a Map finds, whatever comes and goes", () => {
  // A number opens as many streams; a fraction ends the open stream at that place.
  const steps = fc.array(
    fc.oneof(fc.integer({ min: 1, max: 20 }), fc.double({ min: 0, max: 0.99, noNaN: true })),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(steps, fc.integer({ min: 0, max: 3 }), (list, skip) => {
      const table = new StreamTable<Numbered>();
      const known = new Map<number, Numbered>();
      let id = 1;
      for (const step of list) {
        if (step >= 1) {
          for (let count = 0; count < step; count++, id += 2 + 2 * skip) {
            const stream = { id };
            table.use(id);
            table.add(stream);
            known.set(id, stream);
          }
        } else {
          const leaving = [...known.values()][Math.floor(step * known.size)];
          if (leaving !== undefined) {
            table.delete(leaving);
            table.delete(leaving);
            known.delete(leaving.id);
          }
        }
        expect(table.size).toBe(known.size);
      }
      for (let asked = 1; asked <= id; asked += 2) {
        expect(table.get(asked)).toBe(known.get(asked));
      }
      const inOrder = table.all().sort((a, b) => a.id - b.id);
      expect(inOrder).toEqual([...known.values()]);
    }),
  );
});

test("remembers streams that were reset, the newest of them, and numbers that were skipped", () => {
  const table = new StreamTable<Numbered>();
  for (let id = 1; id < 1_001; id += 2) {
    table.use(id);
    table.noteReset(id);
  }
  expect(table.wasReset(999)).toBe(true);
  expect(table.wasReset(1)).toBe(false);
  table.use(1_011);
  expect(table.wasSkipped(1_001)).toBe(true);
  expect(table.wasSkipped(1_009)).toBe(true);
  expect(table.wasSkipped(999)).toBe(false);
  expect(table.wasSkipped(1_011)).toBe(false);
});
