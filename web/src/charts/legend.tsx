interface LegendProps {
  /** Each has a swatch of its own in the stylesheet, under its name. */
  readonly entries: readonly { readonly swatch: string; readonly text: string }[];
}

/** What the colours, patterns and dashes of a chart mean. */
export function Legend({ entries }: LegendProps) {
  return (
    <ul class="legend">
      {entries.map(({ swatch, text }) => (
        <li key={swatch}>
          <span class={`swatch ${swatch}`} />
          {text}
        </li>
      ))}
    </ul>
  );
}
