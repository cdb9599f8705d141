import { promises as dns } from "node:dns";
import type { Resolved } from "../../time/net/resolve.ts";
import type { Lab } from "../experiment.ts";
import { sendAnyway } from "./send-anyway.ts";

const HEADER_BYTES = 12;
const TYPE_A = 1;
/** A pointer to the queried name, type A, class IN, 300 s, 4 bytes: 127.0.0.1. */
const LOOPBACK_RECORD = [0xc0, HEADER_BYTES, 0, TYPE_A, 0, 1, 0, 0, 0x01, 0x2c, 0, 4, 127, 0, 0, 1];
/** A response; recursion desired and available; no error. */
const FLAGS = 0x8180;

/** Answers a query with 127.0.0.1, or with no records unless it asks for an IPv4 address (RFC 1035, section 4). */
function answerTo(question: Uint8Array): Uint8Array {
  let at = HEADER_BYTES;
  while ((question[at] ?? 0) !== 0) at += (question[at] ?? 0) + 1;
  const end = at + 5;
  const asked = new DataView(question.buffer, question.byteOffset, question.byteLength).getUint16(at + 1);
  const record = asked === TYPE_A ? LOOPBACK_RECORD : [];
  const answer = new Uint8Array(end + record.length);
  answer.set(question.subarray(0, end));
  answer.set(record, end);
  const view = new DataView(answer.buffer);
  view.setUint16(2, FLAGS);
  view.setUint16(6, record.length === 0 ? 0 : 1);
  view.setUint32(8, 0);
  return answer;
}

/**
 * A name server on the loopback that takes `delayMs` to answer, and a lookup that queries it. Each lookup uses its
 * own resolver, because the runtime's caches results.
 */
export async function startDnsPeer(
  delayMs: number,
  lab: Pick<Lab, "defer">,
): Promise<(host: string) => Promise<readonly Resolved[]>> {
  const socket = await Bun.udpSocket({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      // The client left before its answer came. Without a handler the error would end the whole thread.
      error: () => undefined,
      data: (from, question, port, address) => {
        const answer = answerTo(question);
        setTimeout(() => sendAnyway(from, answer, { port, address }), delayMs);
      },
    },
  });
  lab.defer(() => socket.close());
  return async (host) => {
    const resolver = new dns.Resolver({ timeout: 2_000, tries: 1 });
    resolver.setServers([`127.0.0.1:${socket.port}`]);
    return resolver.resolve4(host, { ttl: true });
  };
}
