import { expect, test } from "bun:test";
import fc from "fast-check";
import { encodeByDivision } from "../../src/bench/earlier/fastdate64.ts";
import { JsonHistory } from "../../src/bench/earlier/json-history.ts";
import { newestBelow } from "../../src/bench/earlier/recursive-scan.ts";
import { NTP_FORMAT, unpack } from "../../src/bench/earlier/unpack.ts";
import { encodeFastDate64 } from "../../src/time/stamp/fastdate64.ts";
import { decodePacket } from "../../src/time/ntp/packet.ts";
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { tempFolder } from "../support/temp.ts";

test("the definition of FastDate64 and the fast encoder agree", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: (1n << 34n) * 1_000_000_000n - 1n }), (ns) => {
      // Rounding up past the last code is a range error, which only the encoder checks.
      fc.pre(encodeByDivision(ns) < 1n << 64n);
      expect(encodeByDivision(ns)).toBe(encodeFastDate64(ns));
    }),
  );
});

test("a packet unpacked by its format equals the decoder's result", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 48, maxLength: 48 }), (bytes) => {
      const [, stratum, , precision, rootDelay, rootDispersion, referenceId, , origin, receive, transmit] =
        unpack(NTP_FORMAT, bytes);
      expect(decodePacket(bytes)).toMatchObject({
        stratum,
        precision,
        rootDelay,
        rootDispersion,
        referenceId,
        origin,
        receive,
        transmit,
      });
    }),
  );
  expect(() => unpack("!x", new Uint8Array(8))).toThrow("unknown code x");
});

test("the recursive scan finds the newest file at any depth, and nothing in an empty folder", () => {
  using folder = tempFolder();
  expect(newestBelow(folder.path)).toBeNull();
  mkdirSync(folder.file("a", "b", "c"), { recursive: true });
  for (const [name, seconds] of [
    ["a/old", 1_000],
    ["a/b/c/new", 3_000],
    ["a/b/middle", 2_000],
  ] as const) {
    writeFileSync(folder.file(name), "");
    utimesSync(folder.file(name), seconds, seconds);
  }
  expect(newestBelow(folder.path)).toEqual({ path: folder.file("a", "b", "c", "new"), ms: 3_000_000 });
});

test("the JSON history holds its old entries and the new ones", () => {
  using folder = tempFolder();
  const path = folder.file("history.json");
  const history = new JsonHistory(path, ["a"]);
  history.add("b");
  history.add("c");
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(["a", "b", "c"]);
});
