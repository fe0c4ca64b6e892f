import type { PlaceVitals } from "../../../gen/unblock/v1/vitals_pb.ts";

/** How full each place is. */
export function PlacesTable({ places }: { readonly places: readonly PlaceVitals[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keys scroll it where it is too narrow
    <section class="scroll" tabIndex={0} aria-label="Places">
      <table>
        <thead>
          <tr>
            <th scope="col">place</th>
            <th scope="col">running, of its size</th>
            <th scope="col">queued</th>
            <th scope="col">completed</th>
            <th scope="col">failed</th>
            <th scope="col">refused</th>
          </tr>
        </thead>
        <tbody>
          {places.map(({ name, size, running, queued, completed, failed, refused }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>
                <meter min={0} max={size} value={running} aria-label={`${name} running`} />{" "}
                {running} of {size}
              </td>
              <td>{queued}</td>
              <td>{completed}</td>
              <td>{failed}</td>
              <td>{refused}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
