import { codeName } from "@unblock/connect/code-name";
import { codes } from "@unblock/connect/interceptors/errors";
import { errorTable } from "@unblock/errors/error-table";

/** Returns the text of docs/errors.md, which `npm test -- docs -u` updates. */
export function renderErrorPage(): string {
  const rows = Object.entries(errorTable)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([code, [kind, message]]) => {
      const text = message.replaceAll("|", "\\|").replaceAll(/\{(\w+)\}/g, "*$1*");
      return `| \`${code}\` | ${codeName(codes[kind])} | ${text} |`;
    });
  return `# Errors

Errors that this server's own code reports to callers. A response has the Connect code, a message for people, and a
detail \`google.rpc.ErrorInfo\` for programs: \`reason\` is the error's code, \`domain\` is "unblock", and \`metadata\`
has the values in italics. Codes are stable, messages are not.

Errors of a full queue or limit (\`resource_exhausted\`), which may be retried later, also have
\`google.rpc.RetryInfo\`; \`UNBLOCK_INVALID_REQUEST\` has \`google.rpc.BadRequest\`, which names the fields.

| code | Connect code | message |
| --- | --- | --- |
${rows.join("\n")}
`;
}
