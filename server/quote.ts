/** The most of a caller's text that a message quotes, in UTF-16 code units. */
export const maxQuoted = 200;

/** A caller's text as a message quotes it: in quotation marks, without control characters, and not too long. */
export function quote(text: string): string {
  return JSON.stringify(shorten(text));
}

/** The beginning of a text, with an ellipsis when it is longer than 200 characters. */
export function shorten(text: string): string {
  // A cut in the middle of a character would leave half of it.
  return text.length > maxQuoted ? `${text.slice(0, maxQuoted).toWellFormed()}…` : text;
}
