import { ConnectionError, errorCode, protocolError } from "./errors.ts";
import { maxFrameBytes, maxWindowBytes, setting } from "./frames.ts";

export interface Setting {
  readonly id: number;
  readonly value: number;
}

const settingBytes = 6;
const maxMaxFrameBytes = 2 ** 24 - 1;

/**
 * Reads the payload of a SETTINGS frame.
 *
 * @throws ConnectionError for a value that no endpoint may send
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-6.5
 */
export function readSettings(bytes: Buffer, start: number, end: number): Setting[] {
  if ((end - start) % settingBytes !== 0) {
    throw new ConnectionError(errorCode.frameSizeError, "SETTINGS of the wrong length");
  }
  const settings: Setting[] = [];
  for (let at = start; at < end; at += settingBytes) {
    const [id, value] = [bytes.readUInt16BE(at), bytes.readUInt32BE(at + 2)];
    checkSetting(id, value);
    settings.push({ id, value });
  }
  return settings;
}

function checkSetting(id: number, value: number): void {
  switch (id) {
    case setting.enablePush:
    case setting.noRfc7540Priorities:
      if (value > 1) {
        throw protocolError(`the setting ${id} of ${value}`);
      }
      break;
    case setting.initialWindowSize:
      if (value > maxWindowBytes) {
        throw new ConnectionError(errorCode.flowControlError, `a window of ${value} bytes`);
      }
      break;
    case setting.maxFrameSize:
      if (value < maxFrameBytes || value > maxMaxFrameBytes) {
        throw protocolError(`frames of ${value} bytes`);
      }
  }
}
