import { signal } from "@preact/signals";

export type Route =
  | { readonly view: "race" }
  | { readonly view: "eight"; readonly letter: string | undefined }
  | { readonly view: "load" }
  | { readonly view: "runs" }
  | { readonly view: "run"; readonly id: string; readonly otherId: string | undefined };

/** The view of an address. Unknown addresses show the race. */
export function routeOf(hash: string): Route {
  const [view, first, second] = hash.replace(/^#\/?/, "").split("/");
  switch (view) {
    case "eight":
      return { view, letter: first?.toUpperCase() || undefined };
    case "load":
      return { view };
    case "runs":
      return first ? { view: "run", id: first, otherId: second || undefined } : { view };
    default:
      return { view: "race" };
  }
}

export const route = signal<Route>({ view: "race" });

/** Keeps `route` equal to the address. */
export function followAddress(): void {
  const follow = () => {
    route.value = routeOf(location.hash);
  };
  addEventListener("hashchange", follow);
  follow();
}
