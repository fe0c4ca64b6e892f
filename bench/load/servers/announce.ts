/**
 * Tells whoever started this process where it serves, and ends with them; started by hand it prints
 * the URL.
 */
export function announce(url: string): void {
  if (process.send === undefined) {
    process.stdout.write(`${url}\n`);
    return;
  }
  process.send({ url });
  process.once("disconnect", () => process.exit());
}
