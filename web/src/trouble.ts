import { Code, ConnectError } from "@connectrpc/connect";

/** What went wrong, for the person in front of the page. */
export interface Trouble {
  readonly kind: "away" | "token" | "rejected";
  readonly what: string;
  /** The next step; "" where `what` already says it. */
  readonly todo: string;
}

/**
 * @param doing what failed, as the rest of "The server … while it …"
 * @returns undefined when the user stopped the call
 */
export function troubleOf(error: unknown, doing: string): Trouble | undefined {
  const { code, rawMessage, cause } = ConnectError.from(error);
  // Browsers throw a TypeError when a connection cannot be opened or breaks.
  if (cause instanceof TypeError || code === Code.Unavailable) {
    return {
      kind: "away",
      what: `The server went away while it ${doing}.`,
      todo: "Start it again with npm start. The page reconnects; then repeat what you did.",
    };
  }
  const rejected = (what: string, todo = ""): Trouble => ({ kind: "rejected", what, todo });
  switch (code) {
    case Code.Canceled:
      return undefined;
    case Code.Unauthenticated:
      return { kind: "token", what: "This server requires a token for this action.", todo: "" };
    case Code.DeadlineExceeded:
      return rejected(
        `The server took too long while it ${doing}.`,
        "Its event loop may be blocked, or its queues full. Try again with fewer calls.",
      );
    case Code.NotFound:
      return rejected(asSentence(rawMessage), "Choose another run from the list of runs.");
    // The server's message says what to do.
    case Code.ResourceExhausted:
    case Code.InvalidArgument:
    case Code.PermissionDenied:
    case Code.FailedPrecondition:
    case Code.Unimplemented:
      return rejected(asSentence(rawMessage));
    default:
      return rejected(
        `The server failed while it ${doing}: ${rawMessage}`,
        "Try again; the server's terminal output may say more.",
      );
  }
}

function asSentence(message: string): string {
  const first = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
