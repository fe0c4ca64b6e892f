import { useEffect, useState } from "preact/hooks";
import { away, noticeTrouble } from "./presence.ts";
import type { Trouble } from "./trouble.ts";

interface Answer<Value> {
  readonly value: Value | undefined;
  readonly trouble: Trouble | undefined;
  readonly askAgain: () => void;
}

/**
 * Asks the server when it is shown, when `key` changes, and when a server that was away is back.
 *
 * @param doing see {@link troubleOf}
 */
export function useAnswer<Value>(
  ask: (signal: AbortSignal) => Promise<Value>,
  doing: string,
  key: string,
): Answer<Value> {
  const [value, setValue] = useState<Value>();
  const [trouble, setTrouble] = useState<Trouble>();
  const [asked, setAsked] = useState(0);
  const isAway = away.value;
  // A new closure is no new question.
  useEffect(() => {
    if (isAway) {
      return;
    }
    const controller = new AbortController();
    ask(controller.signal).then(
      (answer) => {
        setValue(answer);
        setTrouble(undefined);
      },
      (error) => {
        if (!controller.signal.aborted) {
          setTrouble(noticeTrouble(error, doing));
        }
      },
    );
    return () => controller.abort();
  }, [key, isAway, asked]);
  return { value, trouble, askAgain: () => setAsked((times) => times + 1) };
}
