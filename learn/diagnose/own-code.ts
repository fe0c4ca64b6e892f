import { relative, sep } from "node:path";

/** Everything but packages. */
export function isOwnCode(file: string): boolean {
  return !file.includes(`${sep}node_modules${sep}`);
}

/** A path as people would type it: from the working directory if it is in there. */
export function shownPath(file: string): string {
  const short = relative(process.cwd(), file);
  return short === "" || short.startsWith("..") ? file : short;
}
