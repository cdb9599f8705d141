import { aessiv } from "@noble/ciphers/aes.js";
import { AesSiv } from "../../../../src/time/net/nts/aes-siv.ts";
import { openAnswer } from "../../../../src/time/net/nts/extension-fields.ts";
import {
  decodeAnswer,
  MOST_ANSWER_BYTES,
  MOST_COOKIE_BYTES,
  MOST_COOKIES,
} from "../../../../src/time/net/nts/records.ts";
import { encodePacket, honestAnswer } from "../../time/ntp-packet.ts";
import { answerBytes, record } from "../../time/nts-records.ts";
import { field, fieldsOf, sealFields } from "../../time/nts-server.ts";
import { type FuzzTarget, mustEqual, mustHold, shapeOf } from "../fuzz-target.ts";

const cookie = (length: number): Uint8Array => new Uint8Array(length).fill(7);

/** A key exchange answer reads the same however it arrives, and never yields more than was asked for. */
export function ntsRecords(): FuzzTarget {
  const cookies = Array.from({ length: 8 }, () => cookie(100));
  return {
    seeds: [
      answerBytes({ cookies }),
      answerBytes({ cookies: cookies.slice(0, 1), server: "time.example", port: 123 }),
      answerBytes({ cookies, aead: [] }),
      answerBytes({ cookies, protocol: null }),
      Buffer.concat([record(2, [1]), record(0, [])]),
      Buffer.concat([record(3, [9]), record(0, [])]),
      Buffer.concat([record(0x4321, "x", true), answerBytes({ cookies })]),
    ].map((bytes) => new Uint8Array(bytes)),
    dictionary: [
      "\x80\0\0\0",
      "\x80\x01\0\x02\0\0",
      "\x80\x04\0\x02\0\x0f",
      "\0\x05\0\x64",
      "\0\x06\0\x0c",
      "\0\x07\0\x02\0\x7b",
      "\xff\xff",
    ],
    mostBytes: MOST_ANSWER_BYTES + 200,
    run: (input) => {
      const whole = decodeAnswer(input);
      for (let length = 0; length < input.length; length += 1 + (length >> 3)) {
        const part = decodeAnswer(input.subarray(0, length));
        // Bytes after the end record are ignored: an answer that has ended stays the same with more bytes after it.
        if (part.type !== "incomplete" && input.length <= MOST_ANSWER_BYTES)
          mustEqual(part, whole, `the first ${length} bytes`);
      }
      if (whole.type !== "answer")
        return `${whole.type} ${whole.type === "refused" ? shapeOf(whole.reason) : ""}`;
      const { answer } = whole;
      mustHold(
        answer.cookies.length >= 1 && answer.cookies.length <= MOST_COOKIES,
        "one to eight cookies are taken",
      );
      mustHold(
        answer.cookies.every(({ length }) => length > 0 && length <= MOST_COOKIE_BYTES),
        "each of a bearable length",
      );
      mustHold(answer.port === null || (answer.port > 0 && answer.port < 65_536), "a port is one");
      mustHold(answer.server === null || /^[\x21-\x7e]+$/.test(answer.server), "a server's name is ASCII");
      return `answer cookies ${answer.cookies.length} server ${answer.server !== null} port ${answer.port !== null}`;
    },
  };
}

const KEY = new Uint8Array(32).map((_, index) => index);
const UNIQUE_ID = new Uint8Array(32).fill(3);

/** Whether the authenticator verifies over everything before it, according to @noble/ciphers; null if there is none. */
function holdsByNoble(bytes: Uint8Array): boolean | null {
  const authenticator = fieldsOf(bytes).find(({ type }) => type === 0x0404);
  if (authenticator === undefined || authenticator.body.length < 4) return null;
  const { body, start } = authenticator;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const [nonceBytes, sealedBytes] = [view.getUint16(0), view.getUint16(2)];
  const sealedAt = 4 + ((nonceBytes + 3) & ~3);
  const sealed = body.slice(sealedAt, sealedAt + sealedBytes);
  if (sealed.length < sealedBytes || nonceBytes === 0) return null;
  try {
    aessiv(KEY, bytes.slice(0, start), body.slice(4, 4 + nonceBytes)).decrypt(sealed);
    return true;
  } catch {
    return false;
  }
}

/** Only what the server sealed, byte for byte, is authentic, and nobody else's cookies are accepted. */
export function ntsFields(): FuzzTarget {
  const packet = encodePacket(honestAnswer(1n, 2n << 32n, 3n << 32n));
  const id = field(0x0104, UNIQUE_ID);
  const sealed = [
    sealFields(packet, [id], [field(0x0204, cookie(100))], KEY),
    sealFields(
      packet,
      [id],
      [field(0x0204, cookie(64)), field(0x0204, cookie(64)), field(0x0304, cookie(8))],
      KEY,
    ),
    sealFields(packet, [id, field(0x4000, cookie(8))], [], KEY),
  ].map((bytes) => new Uint8Array(bytes));
  const aead = new AesSiv(KEY);
  return {
    seeds: [...sealed, new Uint8Array(Buffer.concat([packet, id])), new Uint8Array(packet)],
    dictionary: [
      "\x01\x04\0\x24",
      "\x02\x04\0\x68",
      "\x04\x04",
      "\0\x10\0\x10",
      "\0\0\0\x04",
      "\xff\xff\xff\xff",
      "\x03".repeat(32),
    ],
    mostBytes: 2_048,
    run: (input) => {
      const opened = openAnswer(input, UNIQUE_ID, aead);
      const doesHold = holdsByNoble(input);
      if (opened.type === "authentic") {
        mustHold(doesHold === true, "what is authentic is so for another implementation too");
        return `authentic cookies ${opened.cookies.length}`;
      }
      if (opened.type === "forged" && opened.reason === "its authenticator does not hold")
        mustHold(doesHold !== true, "what is forged is so for another implementation too");
      return `${opened.type} ${opened.type === "forged" ? shapeOf(opened.reason) : ""}`;
    },
  };
}
