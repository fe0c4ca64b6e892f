/** Enter runs what the form says, also from where browsers give it another meaning. */
export function submitOnEnter(event: KeyboardEvent): void {
  const { target, key } = event;
  if (
    key === "Enter" &&
    (target instanceof HTMLSelectElement || target instanceof HTMLInputElement)
  ) {
    event.preventDefault();
    target.form?.requestSubmit();
  }
}
