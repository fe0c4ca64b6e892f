import { type ComponentChild, h } from "preact";
import type { Prose } from "../../build/prose.ts";

/** A text of the project, as elements: nothing of it is taken for HTML. */
export function ProseText({ prose }: { readonly prose: readonly Prose[] }) {
  return <div class="prose">{prose.map(elementOf)}</div>;
}

function elementOf(prose: Prose): ComponentChild {
  if (typeof prose === "string") {
    return prose;
  }
  return h(prose.tag, null, prose.inside.map(elementOf));
}
