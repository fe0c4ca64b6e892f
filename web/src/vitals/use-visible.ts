import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

/** Whether an element is on the screen, and the page in front. */
export function useVisible(element: RefObject<HTMLElement | null>): boolean {
  const [inFront, setInFront] = useState(!document.hidden);
  const [onScreen, setOnScreen] = useState(false);
  useEffect(() => {
    const { current } = element;
    if (current === null) {
      return;
    }
    const observer = new IntersectionObserver((entries) => {
      setOnScreen(entries.at(-1)?.isIntersecting ?? false);
    });
    observer.observe(current);
    const follow = () => setInFront(!document.hidden);
    document.addEventListener("visibilitychange", follow);
    return () => {
      observer.disconnect();
      document.removeEventListener("visibilitychange", follow);
    };
  }, [element]);
  return inFront && onScreen;
}
