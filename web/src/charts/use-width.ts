import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

/** How wide an element is, in CSS pixels; 0 until it is there. */
export function useWidth(element: RefObject<HTMLElement | null>): number {
  const [widthPx, setWidthPx] = useState(0);
  useEffect(() => {
    const { current } = element;
    if (current === null) {
      return;
    }
    const observer = new ResizeObserver(() => {
      // One without room is not seen, and shall not lose what was opened in it.
      if (current.clientWidth > 0) {
        setWidthPx(current.clientWidth);
      }
    });
    observer.observe(current);
    return () => observer.disconnect();
  }, [element]);
  return widthPx;
}
