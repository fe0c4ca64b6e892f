/** HTML that is safe to put into a page. */
export interface Markup {
  readonly markup: string;
}

type Value = string | number | Markup | readonly Markup[];

/** A template for HTML: what is put into it is text, unless it is markup itself. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return {
    markup: strings
      .map((text, at) => text + (at < values.length ? toMarkup(values[at] ?? "") : ""))
      .join(""),
  };
}

export function table(header: readonly string[], rows: readonly (readonly Value[])[]): Markup {
  const head = header.some((name) => name !== "")
    ? html`<thead><tr>${header.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>`
    : html``;
  return html`<table>${head}<tbody>${rows.map(
    (cells) => html`<tr>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`,
  )}</tbody></table>`;
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

function toMarkup(value: Value): string {
  if (typeof value === "string" || typeof value === "number") {
    return escapeHtml(String(value));
  }
  return "markup" in value ? value.markup : value.map(({ markup }) => markup).join("");
}
