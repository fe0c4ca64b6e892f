import { isAbsolute, relative, resolve, sep } from "node:path";
import type { CodeLine } from "./diagnosis.ts";
import { isEvaluated } from "./stack.ts";

/** Everything but packages. */
export function isOwnCode(file: string): boolean {
  return !file.includes(`${sep}node_modules${sep}`);
}

/** The package that a file is of, such as "pg" or "@redis/client"; undefined when it is of none. */
export function packageOf(file: string): string | undefined {
  const [, name] = /.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(file) ?? [];
  return name?.replace("\\", "/");
}

/** A path as people would type it: from the working directory if it is in there. A URL stays one. */
export function shownPath(file: string): string {
  if (!isAbsolute(file)) {
    return file;
  }
  const short = relative(process.cwd(), file);
  return short === "" || short.startsWith("..") ? file : short;
}

/** A place that an editor can open, such as "app.js:12", with a column where the line is long. */
export function shownPlace({ file, line, column }: CodeLine): string {
  return `${file}:${line}${column === undefined ? "" : `:${column}`}`;
}

/** The file that a shown path stands for. */
export function fileOf({ file }: CodeLine): string {
  return file.includes("://") || isEvaluated(file) ? file : resolve(file);
}
