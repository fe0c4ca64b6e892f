import { useState } from "preact/hooks";
import { hasToken, keepToken } from "../connection/token.ts";
import type { Trouble } from "../connection/trouble.ts";

interface TroubleNoteProps {
  readonly trouble: Trouble | undefined;
  /** What to do again once there is a token. */
  readonly onToken: () => void;
}

/** What went wrong and what to do, where it went wrong. */
export function TroubleNote({ trouble, onToken }: TroubleNoteProps) {
  if (trouble === undefined) {
    return null;
  }
  return (
    <div class="trouble" role="alert">
      <p>
        <strong>{trouble.what}</strong> {trouble.todo}
      </p>
      {trouble.kind === "token" && <TokenField onToken={onToken} />}
    </div>
  );
}

function TokenField({ onToken }: Pick<TroubleNoteProps, "onToken">) {
  const [entered, setEntered] = useState("");
  return (
    <form
      class="row"
      onSubmit={(event) => {
        event.preventDefault();
        keepToken(entered);
        onToken();
      }}
    >
      <label>
        {hasToken() ? "Another token: the one before is not it" : "Token"}
        <input
          type="password"
          autocomplete="off"
          required
          value={entered}
          onInput={(event) => setEntered(event.currentTarget.value)}
        />
      </label>
      <button type="submit">Use it</button>
    </form>
  );
}
