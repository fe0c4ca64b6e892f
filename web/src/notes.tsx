import { useEffect, useState } from "preact/hooks";
import { hasToken, keepToken } from "./connection.ts";
import type { RunSession } from "./run-session.ts";
import type { Trouble } from "./trouble.ts";

interface TroubleNoteProps {
  readonly trouble: Trouble | undefined;
  /** Called when a token was entered: repeats what failed. */
  readonly onToken: () => void;
}

/** What went wrong and what to do, shown where it went wrong. */
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
        {hasToken() ? "Another token: the server rejected the last one" : "Token"}
        <input
          type="password"
          autocomplete="off"
          required
          value={entered}
          onInput={(event) => setEntered(event.currentTarget.value)}
        />
      </label>
      <button type="submit">Use token</button>
    </form>
  );
}

/** What a session has to say beside its run. */
export function SessionNotes({ session }: { readonly session: RunSession<unknown, never> }) {
  return (
    <>
      {session.running.value && <SilenceNote run={session.run.value} />}
      <TroubleNote trouble={session.trouble.value} onToken={session.repeat} />
    </>
  );
}

const minSilenceS = 3;

/**
 * Says why nothing moves: a server whose event loop is blocked reports events late.
 *
 * @param run changes with every event
 */
function SilenceNote({ run }: { readonly run: unknown }) {
  const [silentS, setSilentS] = useState(0);
  useEffect(() => {
    setSilentS(0);
    const timer = setInterval(() => setSilentS((seconds) => seconds + 1), 1_000);
    return () => clearInterval(timer);
  }, [run]);
  if (silentS < minSilenceS) {
    return null;
  }
  return (
    <p class="quiet">
      No event for {silentS} s. While its event loop is blocked, the server cannot report: what
      happens now is drawn later, at the time at which it happened.
    </p>
  );
}
