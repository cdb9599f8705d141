import { expect, test } from "bun:test";
import { Failure } from "../../../src/lib/errors.ts";
import { isLoopback } from "../../../src/lib/http/host.ts";
import { chooseProxy, isExempt } from "../../../src/lib/http/proxy.ts";

test.each([
  ["*", "any.host", 443, true],
  ["", "any.host", 443, false],
  ["example.com", "example.com", 443, true],
  ["example.com", "api.example.com", 443, true],
  ["example.com", "badexample.com", 443, false],
  [".example.com", "api.example.com", 443, true],
  [".example.com", "example.com", 443, true],
  ["*.example.com", "api.example.com", 443, true],
  ["EXAMPLE.com", "Api.Example.COM.", 443, true],
  ["a.test, example.com", "example.com", 443, true],
  ["a.test example.com", "example.com", 443, true],
  ["example.com:8443", "example.com", 443, false],
  ["example.com:8443", "example.com", 8443, true],
  ["10.0.0.7", "10.0.0.7", 443, true],
  ["10.0.0.0/8", "10.1.2.3", 443, true],
  ["10.0.0.0/8", "11.1.2.3", 443, false],
  ["10.0.0.0/8", "ten.example", 443, false],
  ["10.0.0.0/99", "10.1.2.3", 443, false],
  ["fd00::/8", "[fd12::1]", 443, true],
  ["[fd12::1]:443", "[fd12::1]", 443, true],
  ["fd12::1", "[fd12::1]", 443, true],
  ["0.0.7", "10.0.0.7", 443, false],
] as const)("NO_PROXY=%s exempts %s:%d: %p", (noProxy, host, port, exempt) => {
  expect(isExempt(host, port, noProxy)).toBe(exempt);
});

test("loopback is recognized by the address, not by what the name looks like", () => {
  const hosts = [
    "127.0.0.1",
    "127.9.9.9",
    "[::1]",
    "localhost",
    "a.localhost",
    "127.0.0.1.example.com",
    "10.0.0.1",
    "localhost.evil",
  ];
  expect(hosts.map(isLoopback)).toEqual([true, true, true, true, true, false, false, false]);
});

test("the variable for the scheme decides, http:// can be omitted, and the password is decoded", () => {
  const settings = {
    httpProxy: "http://plain.test",
    httpsProxy: "u%3A:p%40@secure.test:3128",
    noProxy: "x.test",
    allProxy: null,
  };
  expect(chooseProxy(new URL("http://a.test"), settings)).toEqual({
    hostname: "plain.test",
    port: 80,
    authorization: null,
  });
  expect(chooseProxy(new URL("https://a.test"), settings)).toEqual({
    hostname: "secure.test",
    port: 3128,
    authorization: `Basic ${btoa("u::p@")}`,
  });
  expect(chooseProxy(new URL("https://x.test"), settings)).toBeNull();
  expect(chooseProxy(new URL("https://[::1]:8"), settings)).toBeNull();
  expect(
    chooseProxy(new URL("https://a.test"), {
      httpProxy: null,
      httpsProxy: " ",
      noProxy: null,
      allProxy: null,
    }),
  ).toBeNull();
});

test("ALL_PROXY applies if the variable for the scheme is not set", () => {
  const settings = {
    httpProxy: "http://plain.test:1",
    httpsProxy: " ",
    noProxy: null,
    allProxy: "all.test:2",
  };
  const chosen = (url: string): string | undefined => chooseProxy(new URL(url), settings)?.hostname;
  expect([chosen("http://a.test"), chosen("https://a.test"), chosen("https://localhost")]).toEqual([
    "plain.test",
    "all.test",
    undefined,
  ]);
  const socks = { ...settings, allProxy: "socks5://p.test:1080" };
  expect(() => chooseProxy(new URL("https://a.test"), socks)).toThrow(/^ALL_PROXY is socks5:/);
});

test("a bad percent sign in a proxy's password is reported in one clear line, without the password", () => {
  const settings = {
    httpProxy: null,
    httpsProxy: "http://u:secret%zz@p.test",
    noProxy: null,
    allProxy: null,
  };
  expect(() => chooseProxy(new URL("https://a.test"), settings)).toThrow(
    new Failure(
      "usage",
      "HTTPS_PROXY: its user or password has a % that two hex digits do not follow; write %25 for a %",
    ),
  );
});

test.each(["https://user:secret@p.test", "socks5://p.test:1080", "http://"])("refused: %s", (httpsProxy) => {
  const choose = (): unknown =>
    chooseProxy(new URL("https://a.test"), { httpProxy: null, httpsProxy, noProxy: null, allProxy: null });
  expect(choose).toThrow(Failure);
  expect(choose).not.toThrow(/secret/);
});
