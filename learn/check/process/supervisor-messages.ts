/** What the supervisor is started with: JSON, its only argument. */
export interface SupervisorOptions {
  /** The service's temporary files; the supervisor makes it, and removes it. Others have another one. */
  readonly folder: string;
  /** Path of the service's main module. */
  readonly program: string;
  /** Path of the module that the service and its threads load first. */
  readonly preload: string;
  /** The service's only argument. */
  readonly argument: string;
}

/** To the supervisor: ask the service to stop with SIGTERM, or end all at once. */
export type SupervisorRequest = "stop" | "kill";

/** From the supervisor: "exited" first, unless the service was not started. */
export type SupervisorMessage =
  /** The service has ended; what it started may still be there. */
  | { readonly kind: "exited" }
  /** The service has ended, and so has all that it started. */
  | {
      readonly kind: "ended";
      readonly code: number | null;
      readonly signal: NodeJS.Signals | null;
      /** Processes that were still there after it, and had to be ended. */
      readonly left: readonly LeftProcess[];
      /** Why the supervisor ended them all, with the limit; the text goes on after the file's name. */
      readonly tooMuch: string | undefined;
    }
  | { readonly kind: "not started"; readonly problem: string };

/** A process that outlived the service. */
export interface LeftProcess {
  readonly pid: number;
  /** Its command line, shortened. */
  readonly command: string;
}
