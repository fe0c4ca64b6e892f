import { resolve } from "node:path";
import { fail } from "@unblock/terminal/process";
import { Command } from "commander";
import { packAll } from "./pack.ts";

const example = `
Example:
  npm run pack -- --folder /tmp/tarballs
  npm install /tmp/tarballs/*.tgz`;

const { folder } = new Command("npm run pack --")
  .description("Makes npm packages of packages/http2 and packages/connect, compiled to JavaScript.")
  .option("--folder <path>", "folder for the tarballs", ".unblock/packages")
  .addHelpText("after", example)
  .allowExcessArguments(false)
  .parse()
  .opts<{ readonly folder: string }>();
try {
  process.stderr.write("compiling\n");
  for (const tarball of await packAll(resolve(folder))) {
    process.stdout.write(`${tarball}\n`);
  }
} catch (error) {
  fail(error);
}
