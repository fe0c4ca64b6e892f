import { useRef, useState } from "preact/hooks";
import { useVisible } from "./use-visible.ts";
import { Vitals } from "./vitals.tsx";

/** What the server feels now. It is watched only while somebody sees it. */
export function VitalsPanel() {
  const panel = useRef<HTMLDetailsElement>(null);
  const [open, setOpen] = useState(false);
  const visible = useVisible(panel);
  return (
    <details class="vitals" ref={panel} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>The server now</summary>
      {open && visible && <Vitals />}
    </details>
  );
}
