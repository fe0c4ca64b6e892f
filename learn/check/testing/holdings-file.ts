import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Holdings } from "../world/holdings.ts";

/** A file for the toolbox's notes, as the check's world has one. */
export function openHoldingsFile(): Holdings & { readonly path: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "unblock-holdings-"));
  const path = join(folder, "holdings");
  const holdings = new Holdings(path);
  return Object.assign(holdings, {
    path,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  });
}
