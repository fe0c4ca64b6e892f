import { protocols } from "@unblock/client/client";
import type { Post } from "../harness/h2load.ts";
import { count, echo, mirror, repeat } from "../rpc/requests.ts";

/** Calls of all kinds in all protocols, of which a soak picks one at random; half of them are unary. */
export const mix: readonly Post[] = protocols.flatMap((protocol) => {
  const messages = { bytes: 100, times: 10 };
  const streams = [repeat, count, mirror].map((kind) => kind(protocol, messages));
  // More than the first window of a stream, so that both sides have to wait.
  const large = mirror(protocol, { bytes: 100_000, times: 1 });
  return [...times(18, echo(protocol)), ...times(6, streams).flat(), large];
});

function times<Item>(length: number, item: Item): Item[] {
  return Array.from({ length }, () => item);
}
