import { spawn } from "node:child_process";
import { once } from "node:events";

/** The command of the learner's editor, with its arguments, such as "code --wait". */
export function editorCommand(env: NodeJS.ProcessEnv = process.env): string | undefined {
  return env.VISUAL || env.EDITOR || undefined;
}

/** Opens a file in the editor, which has the terminal until it ends. Returns how it failed, if it did. */
export async function openEditor(command: string, file: string): Promise<string | undefined> {
  // The command may have arguments, which the shell separates.
  const child = spawn("sh", ["-c", `${command} "$1"`, "sh", file], { stdio: "inherit" });
  try {
    const [code]: (number | null)[] = await once(child, "close");
    return code === 0 ? undefined : `${command} ended with exit code ${code ?? "none"}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
