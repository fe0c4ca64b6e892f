import { Suitability } from "@unblock/proto/gen/exercise";

export interface Mark {
  readonly mark: string;
  readonly style: "green" | "yellow" | "red";
}

/** Returns the mark of a strategy, distinct without colour too. */
export function markOf(suitability: Suitability): Mark {
  switch (suitability) {
    case Suitability.RECOMMENDED:
      return { mark: "★", style: "green" };
    case Suitability.WORKS:
      return { mark: "✓", style: "green" };
    case Suitability.SLOW:
      return { mark: "~", style: "yellow" };
    case Suitability.FREEZES:
      return { mark: "✗", style: "red" };
    default:
      throw new Error(`Expected the suitability of a strategy, got ${suitability}`);
  }
}
