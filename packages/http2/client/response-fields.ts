import {
  type FieldRules,
  joinedValue,
  type ReceivedField,
  staticFieldsOf,
} from "../hpack-decoder.ts";
import type { Fields } from "./exchange.ts";

/**
 * Header fields or trailers of one response. Responses whose header blocks are equal byte for byte
 * share one object as long as the HPACK table stays as it is.
 */
export class ResponseFields implements Fields {
  readonly #list: readonly ReceivedField[];
  readonly isTooLarge: boolean;
  /** NaN if there is no `:status`, or none that is a number. */
  readonly status: number;

  constructor(list: readonly ReceivedField[], isTooLarge: boolean) {
    this.#list = list;
    this.isTooLarge = isTooLarge;
    this.status = Number(joinedValue(list, ":status"));
  }

  get(name: string): string | null {
    return joinedValue(this.#list, name) ?? null;
  }
}

/** Servers are taken as they are: of the fields only `:status` matters to the connection. */
const kindOf = () => 0;

export const responseFieldRules: FieldRules<ResponseFields> = {
  kindOf,
  staticFields: staticFieldsOf(kindOf),
  createFields: (list, isTooLarge) => new ResponseFields(list, isTooLarge),
};
