/**
 * Bound on buffered bytes. Connections have one each; a budget that they share as `parent` bounds
 * the whole process.
 *
 * @example
 * const budget = new MemoryBudget(256 * 1024 * 1024);
 * server.on("connection", (socket) => createServerConnection(socket, { budget }, onStream));
 */
export class MemoryBudget {
  readonly maxBytes: number;
  readonly #parent: MemoryBudget | undefined;
  #usedBytes = 0;

  constructor(maxBytes: number, parent?: MemoryBudget) {
    if (!(maxBytes >= 1)) {
      throw new TypeError(
        `Expected \`maxBytes\` to be a number from 1 and up, got \`${maxBytes}\``,
      );
    }
    this.maxBytes = maxBytes;
    this.#parent = parent;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** @returns false, and takes nothing, when that would be more than the budget or its parent has */
  take(bytes: number): boolean {
    if (this.#usedBytes + bytes > this.maxBytes || this.#parent?.take(bytes) === false) {
      return false;
    }
    this.#usedBytes += bytes;
    return true;
  }

  /** @param bytes at most what was taken */
  give(bytes: number): void {
    this.#usedBytes -= bytes;
    this.#parent?.give(bytes);
  }
}
