/** Preloaded by programs: appends a line to the file $IMPORT_LOG for each import, with both modules. */
import { appendFileSync } from "node:fs";
import { registerHooks } from "node:module";

const file = process.env.IMPORT_LOG ?? "";

registerHooks({
  resolve: (specifier, context, nextResolve) => {
    const resolved = nextResolve(specifier, context);
    appendFileSync(file, `${context.parentURL} ${resolved.url}\n`);
    return resolved;
  },
});
