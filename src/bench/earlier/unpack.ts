/** The format string of an NTP packet, in the notation of the struct module that the earlier client used. */
export const NTP_FORMAT = "!BBBb3I4Q";

function readOne(view: DataView, code: string, at: number): [value: number | bigint, bytes: number] {
  switch (code) {
    case "B":
      return [view.getUint8(at), 1];
    case "b":
      return [view.getInt8(at), 1];
    case "I":
      return [view.getUint32(at), 4];
    case "Q":
      return [view.getBigUint64(at), 8];
    default:
      throw new Error(`Cannot unpack: unknown code ${code}`);
  }
}

/** Unpacks bytes by a format that is parsed again on each call, as the earlier client did for every packet. */
export function unpack(format: string, bytes: Uint8Array): (number | bigint)[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values: (number | bigint)[] = [];
  let at = 0;
  for (const [, count, code = ""] of format.matchAll(/(\d*)([A-Za-z])/g)) {
    for (let left = count === "" ? 1 : Number(count); left > 0; left -= 1) {
      const [value, length] = readOne(view, code, at);
      values.push(value);
      at += length;
    }
  }
  return values;
}
