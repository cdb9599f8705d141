import { expect, test } from "bun:test";
import { isIP } from "node:net";
import fc from "fast-check";
import { canonicalAddress, ipFamily } from "../../../src/time/net/ip-address.ts";
import { formatServerName, literalEndpoint, parseServerName } from "../../../src/time/net/server-name.ts";
import { decodeSocketAddress, encodeSocketAddress } from "../../../src/time/net/socket-address.ts";

test("names and addresses, with a port or without", () => {
  const cases: readonly (readonly [string, { host: string; port: number | null } | null])[] = [
    ["ntp.se", { host: "ntp.se", port: null }],
    ["NTP.se.:1123", { host: "ntp.se.", port: 1123 }],
    ["192.0.2.1", { host: "192.0.2.1", port: null }],
    ["192.0.2.1:65535", { host: "192.0.2.1", port: 65_535 }],
    ["::1", { host: "::1", port: null }],
    ["[::1]", { host: "::1", port: null }],
    ["[FE80::1]:123", { host: "fe80::1", port: 123 }],
    ["fe80::1%eth0", { host: "fe80::1%eth0", port: null }],
    ["", null],
    ["ntp.se:0", null],
    ["ntp.se:65536", null],
    ["ntp.se:", null],
    ["ntp.se:ntp", null],
    ["300.1.1.1", null],
    ["1.2.3", null],
    ["[ntp.se]:123", null],
    ["[::1", null],
    ["a b", null],
    ["-x.se", null],
    ["https://ntp.se", null],
  ];
  expect(cases.map(([text]) => parseServerName(text))).toEqual(cases.map(([, name]) => name));
});

test("a formatted name parses back", () => {
  for (const text of ["ntp.se", "ntp.se:123", "192.0.2.1:5", "[2001:db8::1]:123"]) {
    const name = parseServerName(text);
    expect(name === null ? null : formatServerName(name)).toBe(text);
  }
});

test("we and node:net agree on what is an address", () => {
  const group = fc.oneof(
    fc.stringMatching(/^[0-9a-fA-F]{1,5}$/),
    fc.constantFrom("", "0", "g", "1.2.3.4", "256.1.1.1"),
  );
  const nearly = fc.array(group, { maxLength: 10 }).map((groups) => groups.join(":"));
  const dotted = fc.array(fc.constantFrom("0", "00", "9", "255", "256", "", "x"), { maxLength: 6 });
  const texts = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    nearly,
    fc.tuple(fc.oneof(fc.ipV6(), nearly), fc.string()).map(([bare, zone]) => `${bare}%${zone}`),
    dotted.map((numbers) => numbers.join(".")),
    fc.string(),
  );
  fc.assert(
    fc.property(texts, (text) => expect([text, ipFamily(text)]).toEqual([text, isIP(text) as 0 | 4 | 6])),
    { numRuns: 3_000 },
  );
});

test("each address has one spelling", () => {
  expect(["::0:1", "0:0:0:0:0:0:0:1", "2001:DB8::0:5", "::ffff:192.0.2.1"].map(canonicalAddress)).toEqual([
    "::1",
    "::1",
    "2001:db8::5",
    "::ffff:c000:201",
  ]);
  expect(literalEndpoint({ host: "::0:1", port: 1 })).toEqual({ address: "::1", family: 6, port: 1 });
  expect(literalEndpoint({ host: "ntp.se", port: 1 })).toBeNull();
});

test("socket addresses of both families survive the kernel's format", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.ipV4(), fc.ipV6()).map(canonicalAddress),
      fc.integer({ min: 1, max: 65_535 }),
      (address, port) => {
        const family = address.includes(":") ? 6 : 4;
        const endpoint = { address, family, port } as const;
        expect(decodeSocketAddress(encodeSocketAddress(endpoint))).toEqual(endpoint);
      },
    ),
  );
});
