/** Where the messages come from. */
export interface MessageSource<Message> {
  /**
   * Returns the next message; undefined when there is none yet.
   *
   * @throws why no message follows
   */
  take(): Message | Promise<Message> | undefined;
  /** Resolves when there may be a message, or none will come; undefined after the last message. */
  changed(): Promise<void> | undefined;
  /** The handler reads no more. */
  stop(): void;
}

type Result<Message> = IteratorResult<Message, undefined>;

const done = { done: true, value: undefined } as const;

/**
 * Messages of the caller, for the handler. Like a generator, but a message that has arrived costs one promise
 * instead of four.
 */
export class MessageIterator<Message extends object> implements AsyncIterableIterator<Message> {
  readonly #source: MessageSource<Message>;
  /** The call of `next` that waits; later ones follow it. */
  #waiting: Promise<unknown> | undefined;
  #isDone = false;

  constructor(source: MessageSource<Message>) {
    this.#source = source;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result<Message>> {
    if (this.#waiting !== undefined) {
      return this.#waiting.then(() => this.next());
    }
    if (this.#isDone) {
      return Promise.resolve(done);
    }
    try {
      const message = this.#source.take();
      if (message !== undefined && !(message instanceof Promise)) {
        return Promise.resolve({ done: false, value: message });
      }
      const later = this.#nextLater(message);
      const settled = () => {
        this.#waiting = undefined;
      };
      this.#waiting = later.then(settled, settled);
      return later;
    } catch (error) {
      this.#isDone = true;
      return Promise.reject(error);
    }
  }

  return(): Promise<Result<Message>> {
    if (!this.#isDone) {
      this.#isDone = true;
      this.#source.stop();
    }
    return Promise.resolve(done);
  }

  async #nextLater(first: Promise<Message> | undefined): Promise<Result<Message>> {
    try {
      let message: Message | Promise<Message> | undefined = first;
      while (message === undefined) {
        const changed = this.#source.changed();
        if (changed === undefined || this.#isDone) {
          this.#isDone = true;
          return done;
        }
        await changed;
        message = this.#source.take();
      }
      return { done: false, value: await message };
    } catch (error) {
      this.#isDone = true;
      throw error;
    }
  }
}
