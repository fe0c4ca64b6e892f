import { staticTable } from "./hpack-table.ts";

/** A header field as it was received and as the HPACK table keeps it. */
export interface ReceivedField {
  /** In lower case. */
  readonly name: string;
  readonly value: string;
  /** What the role has to know of the field, found once when the field is read. */
  readonly kind: number;
}

/** What a role makes of the fields it receives. */
export interface FieldRules<Fields> {
  kindOf(name: string, value: string): number;
  /** Fields of HPACK's static table, with their kinds. */
  readonly staticFields: readonly ReceivedField[];
  /**
   * Creates the fields of one header or trailer.
   *
   * @param isTooLarge whether fields were left out because they were more than the limits allow
   */
  createFields(list: readonly ReceivedField[], isTooLarge: boolean): Fields;
}

export function staticFieldsOf(kindOf: FieldRules<unknown>["kindOf"]): readonly ReceivedField[] {
  return staticTable.map(([name, value]) => ({ name, value, kind: kindOf(name, value) }));
}

/** Value of a field, or the values joined when there are more; undefined when there is none. */
export function joinedValue(list: readonly ReceivedField[], name: string): string | undefined {
  let found: string | undefined;
  for (const field of list) {
    if (field.name === name) {
      const separator = name === "cookie" ? "; " : ", ";
      found = found === undefined ? field.value : `${found}${separator}${field.value}`;
    }
  }
  return found;
}
