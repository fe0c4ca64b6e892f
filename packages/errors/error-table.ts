/** What a caller can do about an error. `packages/connect/interceptors/errors.ts` gives each kind its Connect code. */
export type ErrorKind =
  /** The request is wrong; retrying does not help. */
  | "invalid"
  /** The request is valid, but what it names does not exist. */
  | "not-found"
  /** The request names something that this server does not access. */
  | "forbidden"
  /** The caller lacks valid credentials. */
  | "unauthenticated"
  /** A queue or limit is full; retrying later may help. */
  | "overloaded"
  /** The request exceeds what a call may use; a smaller one may succeed. */
  | "too-large"
  /** A backend, a thread or the server is gone or does not respond. */
  | "unavailable"
  /** The deadline passed while the work was done. */
  | "late"
  /** This server was started without what the request needs. */
  | "not-set-up";

/**
 * All errors that the server reports to callers. Codes are stable, for programs; messages are for
 * people. `{names}` in a message are the error's data. docs/errors.md is generated from this table.
 */
export const errorTable = {
  UNBLOCK_INVALID_REQUEST: ["invalid", "{problems}"],
  UNBLOCK_STRATEGY_UNKNOWN: [
    "invalid",
    "Exercise {exercise} ({rpc}) has no strategy {strategy}; it has: {known}.",
  ],
  UNBLOCK_STRATEGY_NOT_SET_UP: [
    "not-set-up",
    'The strategy "{strategy}" of exercise {exercise} ({rpc}) needs an external backend, and this server has none: start it with {variable} in the environment, or with {flag}.',
  ],
  UNBLOCK_IDEMPOTENCY_KEY_INVALID: [
    "invalid",
    "Expected {header} to be 1 to 200 visible ASCII characters, got {key}.",
  ],
  UNBLOCK_IDEMPOTENCY_KEY_REUSED: [
    "invalid",
    "Expected the request to be the one that this idempotency-key was first used for, got another: choose a new key for a new request.",
  ],
  UNBLOCK_USER_NOT_FOUND: ["not-found", "There is no user {user_id}."],
  UNBLOCK_IMAGE_HOST_FORBIDDEN: [
    "forbidden",
    "Images from {host} are not allowed; allowed hosts: {allowed}.",
  ],
  UNBLOCK_IMAGE_NOT_FOUND: ["not-found", "There is no image at {image_url} (HTTP status 404)."],
  UNBLOCK_IMAGE_TOO_LARGE: ["invalid", "The image at {image_url} is over {max_bytes} bytes."],
  UNBLOCK_IMAGE_REDIRECTS: ["invalid", "{image_url} redirects more than {max_redirects} times."],
  UNBLOCK_IMAGE_NO_PNG: ["invalid", "Expected image_url to be a PNG, got something else."],
  UNBLOCK_PNG_DAMAGED: ["invalid", "The PNG is damaged: {reason}. Download it again."],
  UNBLOCK_PNG_UNSUPPORTED: [
    "invalid",
    "Expected a PNG of at most {max_side} × {max_side} pixels, not interlaced, got {got}.",
  ],

  UNBLOCK_CALLS_FULL: [
    "overloaded",
    "{in_progress} calls are in progress, which is all that this server takes. Try again later, or start the server with a larger --max-calls.",
  ],
  UNBLOCK_STREAMS_FULL: [
    "overloaded",
    "{open} {what} are open {where}, which is the maximum. {advice}",
  ],
  UNBLOCK_WINDOWS_FULL: [
    "overloaded",
    "{max} windows are open, which is the maximum. One that is not used for {idle_minutes} minutes is closed.",
  ],
  UNBLOCK_WINDOW_NOT_FOUND: [
    "not-found",
    "There is no window {window} any more. Open another with restart_window and without window.",
  ],
  UNBLOCK_QUEUE_FULL: [
    "overloaded",
    'The queue of "{executor}" is full: {running} running, {waiting} waiting. Try again later, or start the server with a larger --max-queue.',
  ],
  UNBLOCK_SHARE_USED: [
    "overloaded",
    'This connection already has {own} of the {room} tasks that may {be} "{executor}"; the others are reserved for other connections. Try again later, or start the server with a larger --max-queue.',
  ],
  UNBLOCK_EXECUTOR_STUCK: [
    "unavailable",
    'All {stuck} slots of "{executor}" are held by tasks that were stopped but do not end, as when a disk hangs. Try again later.',
  ],
  UNBLOCK_TASK_LOST: ["unavailable", 'The executor "{executor}" lost the task {task}: {reason}.'],
  UNBLOCK_TASK_OUT_OF_MEMORY: [
    "too-large",
    'The executor "{executor}" lost the task {task}: it needed more than the {max_mib} MiB of memory that a task may have. Ask for less at once.',
  ],
  UNBLOCK_BLOCKING_CALL_LOST: [
    "unavailable",
    "The thread that makes the call has died ({reason}).",
  ],
  UNBLOCK_SHUTTING_DOWN: ["unavailable", "The server is shutting down."],

  UNBLOCK_BACKEND_UNAVAILABLE: [
    "unavailable",
    'The backend "{backend}" does not answer ({reason}).',
  ],
  UNBLOCK_BACKEND_STATUS: [
    "unavailable",
    'The backend "{backend}" responds with HTTP status {status}.',
  ],
  UNBLOCK_DATABASE_DEADLINE: ["late", "The deadline passed during the database query."],

  UNBLOCK_JOB_QUEUE_FULL: [
    "overloaded",
    "The job queue is full: {waiting} jobs wait. Try again later, start more workers (npm run worker), or the server with a larger --max-queue.",
  ],
  UNBLOCK_JOB_QUEUE_OUT_OF_MEMORY: [
    "overloaded",
    "The job queue accepts no jobs: the memory of its Redis is full (maxmemory). Try again later.",
  ],
  UNBLOCK_JOB_UNCERTAIN: [
    "unavailable",
    "{problem} Redis may have accepted the job anyway: repeat the call with the same idempotency-key to find out.",
  ],
  UNBLOCK_JOB_UNHEARD: [
    "unavailable",
    'The backend "job queue" does not respond (its Redis has been silent for {silence_ms} ms; the job {job} may be done anyway).',
  ],
  UNBLOCK_JOB_FAILED: [
    "unavailable",
    "The job {job} failed in every attempt. The list of failed jobs says why: npm run worker -- failed",
  ],
  UNBLOCK_JOB_LOST: ["unavailable", "The job {job} is gone: its Redis lost it, or it was removed."],
  UNBLOCK_JOB_OUTLIVES_SERVER: [
    "unavailable",
    "The server is stopping; the job {job} continues without it.",
  ],

  UNBLOCK_SERVICE_UNKNOWN: ["not-found", "There is no service {service} here; there are: {known}"],
  UNBLOCK_CROSS_SITE: [
    "forbidden",
    "Expected a page of this site, or of an origin allowed by --cors-origin, got {got}.",
  ],
  UNBLOCK_LAB_NOT_SET_UP: ["not-set-up", "{reason}"],
  UNBLOCK_HOST_FORBIDDEN: [
    "forbidden",
    "Expected to be called as localhost:{port}, 127.0.0.1:{port} or [::1]:{port}, got {host}: under other names a server needs --token.",
  ],
  UNBLOCK_ORIGIN_FORBIDDEN: [
    "forbidden",
    "Expected a call of this server's own page, got one of {origin}.",
  ],
  UNBLOCK_TOKEN_WRONG: [
    "unauthenticated",
    "This server was started with --token. Expected the header `authorization: Bearer` with that token, got {got}.",
  ],
  UNBLOCK_TOKENS_THROTTLED: [
    "overloaded",
    "Too many wrong tokens from this address, or from many addresses. Try again in {wait_s} s.",
  ],
  UNBLOCK_CALLER_NOT_LOCAL: [
    "forbidden",
    "Expected a caller on the server's own machine, got another host: the learner's progress is private.",
  ],
  UNBLOCK_PROGRESS_NOT_SAVED: [
    "not-set-up",
    "The learner's progress can't be saved: {problem}. Start the server with --progress-file and a writable file.",
  ],
  UNBLOCK_RUN_IN_PROGRESS: [
    "overloaded",
    "Another run is in progress ({other}), and two would disturb each other. Try again when it has ended.",
  ],
  UNBLOCK_RUN_FAILED: ["unavailable", "The process that makes the calls {reason}"],
  UNBLOCK_RUN_NOT_FOUND: [
    "not-found",
    "There is no run {run} here (any more): only the last {max_runs} are kept.",
  ],
} as const satisfies Record<`UNBLOCK_${string}`, readonly [kind: ErrorKind, message: string]>;

export type ErrorCode = keyof typeof errorTable;

type NamesIn<Template extends string> = Template extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesIn<Rest>
  : never;

/** Values of the names in a code's message. */
export type ErrorData<Code extends ErrorCode> = Code extends ErrorCode
  ? { readonly [Name in NamesIn<(typeof errorTable)[Code][1]>]: string | number }
  : never;
