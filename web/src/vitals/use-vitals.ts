import { useEffect, useState } from "preact/hooks";
import type { WatchVitalsResponse } from "../../../gen/unblock/v1/vitals_pb.ts";
import { vitalsClient } from "../connection/clients.ts";
import { away, noticeTrouble } from "../connection/presence.ts";
import type { Trouble } from "../connection/trouble.ts";

/** What is shown of the past: two minutes, and no more is kept. */
export const mostLooks = 120;
/** Between the end of a stream that the server ended well and the next. */
const pauseMs = 1_000;

interface Watched {
  /** The newest last. */
  readonly looks: readonly WatchVitalsResponse[];
  readonly trouble: Trouble | undefined;
}

/** Watches the server as long as its component is there, and again when a server was away. */
export function useVitals(): Watched {
  const [looks, setLooks] = useState<readonly WatchVitalsResponse[]>([]);
  const [trouble, setTrouble] = useState<Trouble>();
  const [round, setRound] = useState(0);
  const isAway = away.value;
  useEffect(() => {
    if (isAway) {
      return;
    }
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const watch = async () => {
      try {
        for await (const look of vitalsClient.watchVitals({}, { signal: controller.signal })) {
          setTrouble(undefined);
          setLooks((before) => [...before.slice(1 - mostLooks), look]);
        }
      } catch (error) {
        if (controller.signal.aborted) {
          return;
        }
        setTrouble(noticeTrouble(error, "was watched"));
      }
      timer = setTimeout(() => setRound((times) => times + 1), pauseMs);
    };
    void watch();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [isAway, round]);
  return { looks, trouble };
}
