import { codeName } from "../client/code-name.ts";
import { errorTable } from "../server/error-table.ts";
import { codes } from "../server/rpc/interceptors/errors.ts";

/** docs/errors.md. `npm test -- docs -u` writes it anew. */
export function renderErrorPage(): string {
  const rows = Object.entries(errorTable)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([code, [kind, message]]) => {
      const text = message.replaceAll("|", "\\|").replaceAll(/\{(\w+)\}/g, "*$1*");
      return `| \`${code}\` | ${codeName(codes[kind])} | ${text} |`;
    });
  return `# Errors

What this server's own code reports to callers. A response has the Connect code, a message for people, and a
detail \`google.rpc.ErrorInfo\` for programs: \`reason\` is the error's code, \`domain\` is "unblock", and \`metadata\`
has what stands in italics here. Codes are stable, messages are not.

An error that is the caller's to repeat later (\`resource_exhausted\` of a full queue or limit) also has
\`google.rpc.RetryInfo\`; \`UNBLOCK_INVALID_REQUEST\` has \`google.rpc.BadRequest\`, which names the fields.

| code | Connect code | message |
| --- | --- | --- |
${rows.join("\n")}
`;
}
