import { constants, fstatSync, openSync } from "node:fs";
import { Socket } from "node:net";
import { ErrorOutput } from "./error-output.ts";

/** What `--json` makes of the program's standard output, which itself goes to standard error then. */
export const jsonDescriptor = 9;

const standardError = 2;

/**
 * Where findings go as JSON lines.
 *
 * @param pid the process that has them on {@link jsonDescriptor}; those that it forks have no such
 *   descriptor, and reach it by the system's list of the other's. Where that is impossible, as with a
 *   socket or without Linux, they write to their own standard error.
 */
export function openJsonOutput(pid: number): ErrorOutput {
  return new ErrorOutput(pid === process.pid ? ownDescriptor() : reopened(pid));
}

function ownDescriptor(): number {
  const isFile = fstatSync(jsonDescriptor).isFile();
  if (isFile) {
    // Others write there too, so that each write has to go to the end.
    return reopened(process.pid);
  }
  try {
    // Makes a pipe refuse what it can't take, instead of blocking the thread until somebody reads.
    new Socket({ fd: jsonDescriptor, readable: false, writable: true }).unref();
  } catch {
    // A terminal.
  }
  return jsonDescriptor;
}

function reopened(pid: number): number {
  try {
    const { O_WRONLY, O_APPEND, O_NONBLOCK } = constants;
    const descriptor = openSync(
      `/proc/${pid}/fd/${jsonDescriptor}`,
      O_WRONLY | O_APPEND | O_NONBLOCK,
    );
    return isSame(descriptor, standardError) ? standardError : descriptor;
  } catch {
    return pid === process.pid ? jsonDescriptor : standardError;
  }
}

/** Whether both are the same file, in which text and lines would overwrite each other. */
function isSame(one: number, other: number): boolean {
  const [first, second] = [fstatSync(one), fstatSync(other)];
  return first.isFile() && first.dev === second.dev && first.ino === second.ino;
}
