/**
 * Calls `work` before the next frame, once however often it is asked. Events may come faster than a
 * screen shows them.
 */
export function onNextFrame(work: () => void): () => void {
  let asked = false;
  return () => {
    if (!asked) {
      asked = true;
      requestAnimationFrame(() => {
        asked = false;
        work();
      });
    }
  };
}
