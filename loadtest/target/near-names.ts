import type { DescMethod } from "@bufbuild/protobuf";
import { distance } from "fastest-levenshtein";

const mostNames = 5;
const mostListed = 20;

/** For a name that there is not: the near ones, or if none is near, those there are. */
export function nearNames(wanted: string, methods: readonly DescMethod[]): string {
  if (methods.length === 0) {
    return "there are none";
  }
  const bare = wanted.split(/[/.]/).at(-1)?.toLowerCase() ?? "";
  const near = methods
    .map((method) => ({ method, edits: distance(bare, method.name.toLowerCase()) }))
    .filter(({ edits }) => edits <= Math.max(2, bare.length / 3))
    .sort((a, b) => a.edits - b.edits)
    .slice(0, mostNames)
    .map(({ method }) => method);
  if (near.length > 0) {
    return `did you mean ${namesOf(near, methods).join(" or ")}?`;
  }
  const listed = namesOf(methods.slice(0, mostListed), methods).join(", ");
  return `there are: ${listed}${methods.length > mostListed ? ", …" : ""}`;
}

/** A name alone is enough where it is the only one. */
function namesOf(some: readonly DescMethod[], all: readonly DescMethod[]): string[] {
  return some.map(({ name, parent }) =>
    all.filter((other) => other.name === name).length === 1 ? name : `${parent.typeName}/${name}`,
  );
}
