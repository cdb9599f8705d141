import { expect, test } from "bun:test";
import fc from "fast-check";
import { decodeText, encodeText } from "../../../src/time/stamp/stamp-text.ts";

test("the table of the format, from text", () => {
  const table = [
    ["0", "0x0000000000000000"],
    ["0.5", "0x0000000020000000"],
    ["1000000000", "0x0ee6b28000000000"],
    ["1700000000", "0x1954fc4000000000"],
    ["1672531200.123456", "0x18ec334007e6b3ff"],
    ["2023-01-01T00:00:00.123456Z", "0x18ec334007e6b3ff"],
    ["2023-01-01T02:00:00.123456+02:00", "0x18ec334007e6b3ff"],
    ["1.7e9", "0x1954fc4000000000"],
  ] as const;
  expect(table.map(([text]) => encodeText(text, true))).toEqual(
    table.map(([, code]) => ({ ok: true, text: code })),
  );
  expect(encodeText("1700000000", false)).toEqual({ ok: true, text: "1825361100800000000" });
  expect(decodeText("0x1954fc4000000000", false)).toEqual({ ok: true, text: "2023-11-14T22:13:20Z" });
  expect(decodeText("18446744073709551615", false)).toEqual({
    ok: true,
    text: "2514-05-30T01:53:03.999999999Z",
  });
  expect(decodeText("0x18ec334007e6b3ff", true)).toEqual({ ok: true, text: "1672531200.123456" });
});

test("what cannot be converted is refused with the reason", () => {
  const refusals: readonly (readonly [string, RegExp])[] = [
    ["-1", /FastDate64 holds 1970/],
    ["17179869184", /FastDate64 holds 1970/],
    ["NaN", /FastDate64 holds 1970.*NaN/],
    ["-Infinity", /FastDate64 holds 1970/],
    ["1e99", /FastDate64 holds 1970/],
    ["1969-12-31T23:59:59Z", /FastDate64 holds 1970/],
    ["2023-01-01T00:00:00", /no zone/],
    ["1.0000000001", /nine decimals/],
    ["now", /ISO 8601/],
  ];
  for (const [text, reason] of refusals) {
    const converted = encodeText(text, false);
    expect([text, converted.ok ? "" : converted.reason]).toEqual([text, expect.stringMatching(reason)]);
  }
  for (const text of ["-1", "18446744073709551616"]) {
    const converted = decodeText(text, false);
    expect(converted.ok ? "" : converted.reason).toContain("0 to 18446744073709551615");
  }
  expect(decodeText("1.5", false)).toMatchObject({ ok: false });
  expect(decodeText("", false)).toMatchObject({ ok: false });
});

test("every time survives a round trip, and every text gets an answer", () => {
  fc.assert(
    fc.property(fc.bigInt(0n, (1n << 34n) * 10n ** 9n - 1n), (ns) => {
      const text = `${ns / 10n ** 9n}.${(ns % 10n ** 9n).toString().padStart(9, "0")}`;
      const encoded = encodeText(text, false);
      const decoded = decodeText(encoded.ok ? encoded.text : "", true);
      return decoded.ok && Number(decoded.text) === Number(text);
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => typeof encodeText(text, true).ok === "boolean"));
});
