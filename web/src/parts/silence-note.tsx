import { useEffect, useState } from "preact/hooks";

interface SilenceNoteProps {
  /** Changes with every news. */
  readonly news: number;
}

const afterS = 3;

/** Says why nothing moves: a server whose event loop stands still tells of it afterwards. */
export function SilenceNote({ news }: SilenceNoteProps) {
  const [silentS, setSilentS] = useState(0);
  // Each news begins the count anew.
  useEffect(() => {
    setSilentS(0);
    const timer = setInterval(() => setSilentS((seconds) => seconds + 1), 1_000);
    return () => clearInterval(timer);
  }, [news]);
  if (silentS < afterS) {
    return null;
  }
  return (
    <p class="quiet">
      Nothing heard for {silentS} s. While its event loop stands still, the server can't tell: what
      happens now is drawn later, at the moment it happened.
    </p>
  );
}
