import { Code, ConnectError } from "@connectrpc/connect";

/** What went wrong, for the person in front of the page. */
export interface Trouble {
  readonly kind: "away" | "token" | "refused";
  readonly what: string;
  readonly todo: string;
}

/**
 * @param doing what failed, as the rest of "The server … while it …"
 * @returns undefined when the person ended it, which is no trouble
 */
export function troubleOf(error: unknown, doing: string): Trouble | undefined {
  const { code, rawMessage, cause } = ConnectError.from(error);
  // What the browser throws when there is no connection, or it breaks.
  if (cause instanceof TypeError || code === Code.Unavailable) {
    return {
      kind: "away",
      what: `The server went away while it ${doing}.`,
      todo: "Start it again with npm start: this page notices, and you can repeat what you did.",
    };
  }
  switch (code) {
    case Code.Canceled:
      return undefined;
    case Code.Unauthenticated:
      return {
        kind: "token",
        what: "This server was started with a token, and only who has it may do this.",
        todo: "",
      };
    case Code.DeadlineExceeded:
      return {
        kind: "refused",
        what: `The server took too long while it ${doing}.`,
        todo: "Its event loop may stand still, or much is waiting. Try again, with fewer calls.",
      };
    case Code.NotFound:
      return {
        kind: "refused",
        what: sentence(rawMessage),
        todo: "Choose another in the list of runs.",
      };
    // The server says itself what to do.
    case Code.ResourceExhausted:
    case Code.InvalidArgument:
    case Code.PermissionDenied:
    case Code.FailedPrecondition:
    case Code.Unimplemented:
      return { kind: "refused", what: sentence(rawMessage), todo: "" };
    default:
      return {
        kind: "refused",
        what: `The server failed while it ${doing}: ${rawMessage}`,
        todo: "Try again; what the server prints on its terminal may say more.",
      };
  }
}

function sentence(message: string): string {
  const first = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
