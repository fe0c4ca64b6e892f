/** Max length of a caller's text in a message, in UTF-16 code units. */
const maxQuoted = 200;

/** Quotes a caller's text for a message: shortened, and without control characters. */
export function quote(text: string): string {
  return JSON.stringify(shorten(text));
}

/** Cuts a text after 200 characters and adds an ellipsis. */
export function shorten(text: string): string {
  // A cut may leave half of a surrogate pair.
  return text.length > maxQuoted ? `${text.slice(0, maxQuoted).toWellFormed()}…` : text;
}
