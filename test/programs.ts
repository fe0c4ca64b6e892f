import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * Whether a program is on the PATH.
 *
 * @throws Error in CI if it is not, so that no test is skipped there
 */
export function hasProgram(name: string): boolean {
  const found = (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (!found && process.env.CI !== undefined) {
    throw new Error(`Expected ${name} on the PATH in CI, got none; .ci/run installs it`);
  }
  return found;
}
