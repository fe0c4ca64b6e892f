const lineEnd = "\r\n";

/**
 * The complete commands at the beginning of `data`, and what follows them. A command is an array of
 * bulk strings, the only form that clients send.
 *
 * @throws Error when the bytes are no such array
 * @see https://redis.io/docs/latest/develop/reference/protocol-spec/#sending-commands-to-a-redis-server
 */
export function parseCommands(data: Buffer): { commands: string[][]; rest: Buffer } {
  const commands: string[][] = [];
  let offset = 0;
  for (;;) {
    const parsed = parseCommand(data, offset);
    if (!parsed) {
      return { commands, rest: data.subarray(offset) };
    }
    commands.push(parsed.command);
    offset = parsed.end;
  }
}

function parseCommand(data: Buffer, start: number): { command: string[]; end: number } | undefined {
  const header = parseLength(data, start, "*");
  if (!header) {
    return undefined;
  }
  const command: string[] = [];
  let offset = header.end;
  while (command.length < header.length) {
    const argument = parseLength(data, offset, "$");
    if (!argument || data.length < argument.end + argument.length + lineEnd.length) {
      return undefined;
    }
    const end = argument.end + argument.length;
    command.push(data.toString("utf8", argument.end, end));
    offset = end + lineEnd.length;
  }
  return { command, end: offset };
}

function parseLength(
  data: Buffer,
  start: number,
  type: "*" | "$",
): { length: number; end: number } | undefined {
  const lineBreak = data.indexOf(lineEnd, start);
  if (lineBreak < 0) {
    return undefined;
  }
  const line = data.toString("latin1", start, lineBreak);
  const length = Number(line.slice(1));
  if (line[0] !== type || !Number.isInteger(length) || length < 0) {
    throw new Error(`Expected "${type}" and a length, got ${JSON.stringify(line)}`);
  }
  return { length, end: lineBreak + lineEnd.length };
}
