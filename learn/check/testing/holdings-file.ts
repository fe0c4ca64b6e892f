import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Holdings } from "../world/holdings.ts";

/** Creates a file for notes of blocking calls. */
export function openHoldingsFile(): Holdings & { readonly path: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "unblock-holdings-"));
  const path = join(folder, "holdings");
  const holdings = new Holdings(path);
  return Object.assign(holdings, {
    path,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  });
}
