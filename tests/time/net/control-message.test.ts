import { expect, test } from "bun:test";
import { readControlMessages } from "../../../src/time/net/control-message.ts";

const SOL_IP = 0;
const SOL_IPV6 = 41;
const IP_RECVERR = 11;
const IPV6_RECVERR = 25;

interface Message {
  readonly level: number;
  readonly type: number;
  readonly data: Uint8Array;
}

/** Control messages in the kernel's layout: length, level, type, data, each padded to eight bytes. */
function laidOut(messages: readonly Message[]): { readonly view: DataView; readonly length: number } {
  const length = messages.reduce((sum, { data }) => sum + ((16 + data.length + 7) & ~7), 0);
  const bytes = new Uint8Array(new ArrayBuffer(512));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { level, type, data } of messages) {
    view.setBigUint64(at, BigInt(16 + data.length), true);
    view.setInt32(at + 8, level, true);
    view.setInt32(at + 12, type, true);
    bytes.set(data, at + 16);
    at += (16 + data.length + 7) & ~7;
  }
  return { view, length };
}

/** A struct sock_extended_err, followed by the IPv4 address that the error came from. */
function extendedError(
  [errno, origin, type, code]: readonly [number, number, number, number],
  from: readonly number[],
): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(32));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, errno, true);
  bytes.set([origin, type, code], 4);
  view.setUint16(16, 2, true);
  bytes.set(from, 20);
  return bytes;
}

function errorOf(level: number, type: number, data: Uint8Array): unknown {
  const { view, length } = laidOut([{ level, type, data }]);
  return readControlMessages(view, length).error;
}

test("an ICMP error: its meaning, whether only the host itself could know it, and its sender", () => {
  const closed = extendedError([111, 2, 3, 3], [192, 0, 2, 1]);
  expect(errorOf(SOL_IP, IP_RECVERR, closed)).toEqual({
    errno: 111,
    isPortUnreachable: true,
    from: "192.0.2.1",
  });
  const unreachable = extendedError([113, 2, 3, 1], [198, 51, 100, 7]);
  expect(errorOf(SOL_IP, IP_RECVERR, unreachable)).toEqual({
    errno: 113,
    isPortUnreachable: false,
    from: "198.51.100.7",
  });
  expect(errorOf(SOL_IPV6, IPV6_RECVERR, extendedError([111, 3, 1, 4], [1, 2, 3, 4]))).toMatchObject({
    isPortUnreachable: true,
  });
  // Type and code have another meaning in the other protocol.
  expect(errorOf(SOL_IPV6, IPV6_RECVERR, extendedError([111, 3, 3, 3], [1, 2, 3, 4]))).toMatchObject({
    isPortUnreachable: false,
  });
});

test("the report of a timestamp is not an error, and a truncated one is not read", () => {
  const stamp = extendedError([42, 4, 0, 0], [127, 0, 0, 1]);
  expect(errorOf(SOL_IP, IP_RECVERR, stamp)).toBeNull();
  const { view, length } = laidOut([{ level: SOL_IP, type: IP_RECVERR, data: stamp }]);
  for (let cut = 0; cut < length; cut += 1)
    expect(readControlMessages(view, cut)).toEqual({ stampNs: null, error: null });
});
