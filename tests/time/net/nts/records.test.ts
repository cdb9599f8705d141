import { expect, test } from "bun:test";
import fc from "fast-check";
import { decodeAnswer, encodeRequest, MOST_ANSWER_BYTES } from "../../../../src/time/net/nts/records.ts";
import { answerBytes, record } from "../../../support/time/nts-records.ts";

const cookie = (length: number, fill = 7): Uint8Array => new Uint8Array(length).fill(fill);
const reasonOf = (bytes: Uint8Array): string => {
  const decoded = decodeAnswer(bytes);
  return decoded.type === "refused" ? decoded.reason : decoded.type;
};

test("the request: NTPv4, only AES-SIV-CMAC-256, the end", () => {
  expect(Buffer.from(encodeRequest()).toString("hex")).toBe("80010002000080040002000f80000000");
});

test("an answer: cookies in order, at most eight, with the server and port it names", () => {
  const cookies = Array.from({ length: 10 }, (_, index) => cookie(100, index));
  expect(decodeAnswer(answerBytes({ cookies, server: "NTP.example.", port: 4123 }))).toEqual({
    type: "answer",
    answer: { aead: 15, cookies: cookies.slice(0, 8), server: "ntp.example", port: 4123 },
  });
  expect(decodeAnswer(answerBytes({ cookies: [cookie(4)] }))).toEqual({
    type: "answer",
    answer: { aead: 15, cookies: [cookie(4)], server: null, port: null },
  });
});

test("unknown records are skipped unless they are critical", () => {
  const extra = (isCritical: boolean): Uint8Array =>
    Buffer.concat([record(1_024, [], isCritical), answerBytes({ cookies: [cookie(100)] })]);
  expect(reasonOf(extra(false))).toBe("answer");
  expect(reasonOf(extra(true))).toBe("it requires an unknown record (1024)");
});

test("each fault is refused with its reason", () => {
  const good = { cookies: [cookie(100)] };
  const table: readonly (readonly [Uint8Array, string])[] = [
    [answerBytes({ cookies: [] }), "it gave no cookie"],
    [answerBytes({ ...good, aead: [] }), "it has no algorithm in common with us (AES-SIV-CMAC-256)"],
    [answerBytes({ ...good, aead: [30] }), "it chose an algorithm that was not offered"],
    [answerBytes({ ...good, aead: [15, 30] }), "it chose an algorithm that was not offered"],
    [answerBytes({ ...good, aead: null }), "it chose no algorithm"],
    [answerBytes({ ...good, protocol: null }), "it does not offer NTPv4"],
    [answerBytes({ ...good, protocol: [] }), "it does not offer NTPv4"],
    [answerBytes({ ...good, protocol: [0x8000] }), "it does not offer NTPv4"],
    [answerBytes({ ...good, server: "a b" }), "it names an invalid server"],
    [answerBytes({ ...good, server: "" }), "it names an invalid server"],
    [answerBytes({ ...good, port: 0 }), "it names a port that cannot be one"],
    [answerBytes({ cookies: [cookie(516)] }), "it gave a cookie of 516 bytes"],
    [answerBytes({ cookies: [cookie(0)] }), "it gave a cookie of 0 bytes"],
    [answerBytes({ cookies: [cookie(99)] }), "it gave a cookie of 99 bytes"],
    [Buffer.concat([record(2, [0]), record(0, [])]), "it does not know a critical record"],
    [Buffer.concat([record(2, [1]), record(0, [])]), "it calls the request bad"],
    [Buffer.concat([record(2, [2]), record(0, [])]), "it has an internal error"],
    [Buffer.concat([record(2, [999]), record(0, [])]), "it answered with error 999"],
    [Buffer.concat([record(3, [5]), answerBytes(good)]), "it answers with warning 5"],
    [Buffer.concat([record(1, [0]), answerBytes(good)]), "it says the same thing twice"],
    [record(0, [1]), "its end record has a body"],
    [new Uint8Array(MOST_ANSWER_BYTES + 1), `its answer is longer than ${MOST_ANSWER_BYTES} bytes`],
  ];
  for (const [bytes, reason] of table) expect(reasonOf(bytes)).toBe(reason);
});

test("a truncated answer is incomplete, and bytes after its end are ignored", () => {
  const whole = answerBytes({ cookies: [cookie(100), cookie(100)], server: "ntp.example", port: 123 });
  for (let length = 0; length < whole.length; length += 1)
    expect(decodeAnswer(whole.slice(0, length))).toEqual({ type: "incomplete" });
  expect(decodeAnswer(Buffer.concat([whole, record(2, [1])]))).toEqual(decodeAnswer(whole));
});

test("reading never throws", () => {
  const whole = answerBytes({ cookies: [cookie(100), cookie(100)], server: "ntp.example", port: 123 });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(whole.length), (bytes, at) => {
      const changed = Uint8Array.from(whole);
      changed.set(bytes.slice(0, whole.length - at), at);
      for (const input of [bytes, changed, Buffer.concat([whole.slice(0, at), bytes])])
        expect(["answer", "incomplete", "refused"]).toContain(decodeAnswer(input).type);
    }),
    { numRuns: 3_000 },
  );
});
