/** Preloaded by programs: writes to the file of IMPORT_LOG which module asks for which, a line each. */
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
