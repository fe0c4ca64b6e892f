/** Makes V8 collect garbage; with `--expose-gc` without computing anything else. */
import { serve } from "./serve.ts";

interface Node {
  readonly id: number;
  readonly text: string;
  readonly next: Node | undefined;
}

/** A list that stays in use, so that each full collection traces it. */
function makeList(length: number): Node | undefined {
  let list: Node | undefined;
  for (let id = 0; id < length; id++) {
    list = { id, text: `node ${id}`, next: list };
  }
  return list;
}

const lists = [makeList(2_000_000)];

await serve({
  "/collect": () => {
    gc?.();
    return "collected";
  },
  "/press": () => {
    lists[1] = makeList(2_000_000);
    return lists.length;
  },
  "/exit": () => {
    for (let time = 0; time < 5; time++) {
      gc?.();
    }
    process.exit(3);
  },
});
