import { read } from "../documents.ts";
import { codeBlocks, codeSpans } from "../markdown.ts";

/** Commands of the blocks of a document: of its scripts, and after the prompts of its sessions. */
export function commandsIn(document: string): string[] {
  const markdown = read(document);
  const sessions = [...codeBlocks(markdown, "console"), ...codeBlocks(markdown, "text")];
  const prompted = sessions.flatMap((session) =>
    [...session.matchAll(/^\$ ((?:.*\\\n)*.*)$/gm)].map(([, command = ""]) => command),
  );
  return [...codeBlocks(markdown, "bash"), ...prompted].flatMap(splitScript);
}

/** Commands within the text of a document, which may have placeholders. */
export function inlineCommandsIn(document: string): string[] {
  return codeSpans(read(document)).filter((code) => /^(npm|npx|node|bash) /.test(code));
}

/** Commands of a script, without comments. `a && b` is two. */
function splitScript(script: string): string[] {
  return script
    .replaceAll(/ *\\\n */g, " ")
    .split(/\n|&&/)
    .map((line) => line.replace(/(^|\s)#.*$/, "").trim())
    .filter((line) => line !== "");
}
