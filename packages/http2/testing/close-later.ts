import { afterEach } from "vitest";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) {
    await close();
  }
});

/** Runs `close` after the test, the last one first. */
export function closeLater(close: () => unknown): void {
  closers.push(close);
}
