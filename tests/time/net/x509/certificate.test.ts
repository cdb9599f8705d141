import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { rootCertificates } from "node:tls";
import fc from "fast-check";
import { readCertificate } from "../../../../src/time/net/x509/certificate.ts";
import { DerReader, oidOf, smallIntegerOf, TAG, timeOf } from "../../../../src/time/net/x509/der.ts";
import { namesCover } from "../../../../src/time/net/x509/general-name.ts";

const DERS = rootCertificates.map((pem) => new X509Certificate(pem));

/** The certificate, or an error if it cannot be read. */
function read(der: Uint8Array) {
  const certificate = readCertificate(der);
  if (typeof certificate === "string") throw new Error(certificate);
  return certificate;
}

test("all of the runtime's authorities are read as the engine reads them", () => {
  expect(DERS.length).toBeGreaterThan(100);
  for (const x509 of DERS) {
    const certificate = read(x509.raw);
    expect([certificate.notBeforeMs, certificate.notAfterMs, certificate.isCa]).toEqual([
      Date.parse(x509.validFrom),
      Date.parse(x509.validTo),
      x509.ca,
    ]);
    expect([certificate.isSelfIssued, certificate.unknownCritical]).toEqual([true, []]);
  }
});

test("reading never throws: truncated, extended or altered certificates, and random bytes", () => {
  const any = fc.nat(DERS.length - 1).map((index) => Uint8Array.from(DERS[index]?.raw ?? []));
  fc.assert(
    fc.property(any, fc.nat(), fc.uint8Array({ maxLength: 8 }), (der, where, bytes) => {
      const changed = Uint8Array.from(der);
      changed.set(bytes.slice(0, der.length - (where % der.length)), where % der.length);
      for (const input of [changed, der.slice(0, where % der.length), Buffer.concat([der, bytes]), bytes]) {
        const found = readCertificate(input);
        expect(typeof found === "string" || Number.isFinite(found.notAfterMs)).toBe(true);
      }
      if (bytes.length > 0) expect(readCertificate(Buffer.concat([der, bytes]))).toBeString();
      expect(readCertificate(der.slice(0, where % der.length))).toBeString();
    }),
    { numRuns: 3_000 },
  );
});

const element = (tag: number, ...content: readonly number[]) =>
  new DerReader(Uint8Array.from([tag, content.length, ...content])).next();

test("each value has only one valid encoding", () => {
  const refused: readonly (readonly number[])[] = [
    [0x30, 0x80, 0, 0],
    [0x30, 0x81, 0x01, 0],
    [0x30, 0x82, 0x00, 0x80],
    [0x30, 0x84, 0, 0, 0, 1, 0],
    [0x3f, 0x21, 0],
    [0x30, 0x02, 0],
    [0x30],
    [],
  ];
  for (const bytes of refused) expect(() => new DerReader(Uint8Array.from(bytes)).next()).toThrow();
  expect(smallIntegerOf(element(TAG.integer, 0x00, 0x80))).toBe(128);
  for (const bytes of [[], [0x80], [0x00, 0x01], [1, 2, 3, 4, 5]])
    expect(() => smallIntegerOf(element(TAG.integer, ...bytes))).toThrow();
  expect(oidOf(element(TAG.oid, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d))).toBe("1.2.840.113549");
  expect(oidOf(element(TAG.oid, 0x88, 0x37))).toBe("2.999");
  for (const bytes of [[], [0x80, 0x01], [0x2a, 0x86]])
    expect(() => oidOf(element(TAG.oid, ...bytes))).toThrow();
});

test("both kinds of time, and no dates that do not exist", () => {
  const at = (tag: number, text: string): number => timeOf(element(tag, ...new TextEncoder().encode(text)));
  expect(at(TAG.utcTime, "491231235959Z")).toBe(Date.UTC(2049, 11, 31, 23, 59, 59));
  expect(at(TAG.utcTime, "500101000000Z")).toBe(Date.UTC(1950, 0));
  expect(at(TAG.generalizedTime, "20550101000000Z")).toBe(Date.UTC(2055, 0));
  expect(at(TAG.generalizedTime, "99991231235959Z")).toBe(Date.UTC(9999, 11, 31, 23, 59, 59));
  for (const text of ["260230000000Z", "261301000000Z", "260101250000Z", "2601010000Z", "260101000000+0100"])
    expect(() => at(TAG.utcTime, text)).toThrow();
});

test("names cover the same hosts as for the engine", () => {
  const label = fc.constantFrom("a", "b", "time", "xn--a");
  const host = fc.array(label, { minLength: 2, maxLength: 4 }).map((labels) => labels.join("."));
  fc.assert(
    fc.property(fc.boolean(), host, host, (isWild, name, asked) => {
      const pattern = isWild ? `*.${name}` : name;
      const oneMore = asked.split(".").length === name.split(".").length + 1;
      const covers = isWild ? oneMore && asked.endsWith(`.${name}`) : asked === name;
      expect(namesCover([{ type: "dns", name: pattern }], asked)).toBe(covers);
    }),
    { numRuns: 1_000 },
  );
  expect(namesCover([{ type: "dns", name: "*" }], "example")).toBe(false);
  expect(namesCover([{ type: "dns", name: "*.example" }], "a.example")).toBe(false);
  expect(namesCover([{ type: "dns", name: "192.0.2.7" }], Uint8Array.from([192, 0, 2, 7]))).toBe(false);
});
