/**
 * Tells whoever started this process where it serves, and ends with them; started by hand it prints
 * the URL.
 *
 * @param answers what it can be asked, by the question
 */
export function announce(url: string, answers: Readonly<Record<string, () => unknown>> = {}): void {
  if (process.send === undefined) {
    process.stdout.write(`${url}\n`);
    return;
  }
  process.send({ url });
  process.on("message", (question: string) => process.send?.(answers[question]?.()));
  process.once("disconnect", () => process.exit());
}
