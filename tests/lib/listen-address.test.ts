import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatListenAddress, parseListenAddress } from "../../src/lib/listen-address.ts";

test("a formatted address parses back", () => {
  const hosts = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain());
  fc.assert(
    fc.property(hosts, fc.integer({ min: 0, max: 65_535 }), (hostname, port) => {
      expect(parseListenAddress(formatListenAddress({ hostname, port }))).toEqual({ hostname, port });
    }),
  );
});

test.each([
  "",
  "8080",
  ":8080",
  "127.0.0.1",
  "127.0.0.1:",
  "127.0.0.1:65536",
  "::1:80",
  "a b:80",
  "http://a:80",
])("refused: %p", (text) => {
  expect(parseListenAddress(text)).toBeNull();
});
