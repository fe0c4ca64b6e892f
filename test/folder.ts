import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, onTestFinished, TestRunner } from "vitest";

/**
 * Makes a temporary folder. One made in a test or before each is removed after the test, another one after the tests
 * of its file or block.
 *
 * @param files texts by path in the folder
 */
export function temporaryFolder(files: Readonly<Record<string, string>> = {}): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "unblock-test-")));
  const removeAfter = TestRunner.getCurrentTest() === undefined ? afterAll : onTestFinished;
  // Something that was killed may still be ending.
  removeAfter(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}
