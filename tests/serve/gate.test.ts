import { expect, test } from "bun:test";
import fc from "fast-check";
import { type Asked, hostName, isJson, judge } from "../../src/serve/gate.ts";

const OWN = new Set(["localhost", "board", "board.local"]);
const NO_PAGE: Asked = { host: "127.0.0.1:8080", origin: null, scheme: "http" };

const CASES: readonly (readonly [what: string, asked: Asked, status: 400 | 403 | 421 | null])[] = [
  ["a request to an address", NO_PAGE, null],
  ["a request to IPv6", { ...NO_PAGE, host: "[::1]:8080" }, null],
  ["a request to this board's name", { ...NO_PAGE, host: "Board.local" }, null],
  ["a name with the root's dot", { ...NO_PAGE, host: "board.local.:8080" }, null],
  ["no host", { ...NO_PAGE, host: null }, 400],
  ["two hosts", { ...NO_PAGE, host: "localhost, evil.example" }, 400],
  ["a host with a path", { ...NO_PAGE, host: "localhost/evil" }, 400],
  ["a host with a user", { ...NO_PAGE, host: "localhost@evil.example" }, 400],
  ["another name (DNS rebinding)", { ...NO_PAGE, host: "evil.example:8080" }, 421],
  ["a name that begins like ours", { ...NO_PAGE, host: "localhost.evil.example" }, 421],
  ["a name that looks like an address", { ...NO_PAGE, host: "127.0.0.1.evil.example" }, 421],
  ["asked by our own page", { ...NO_PAGE, origin: "http://127.0.0.1:8080" }, null],
  ["asked by another page", { ...NO_PAGE, origin: "http://evil.example" }, 403],
  ["asked by another port", { ...NO_PAGE, origin: "http://127.0.0.1:9090" }, 403],
  ["asked by a sandboxed page", { ...NO_PAGE, origin: "null" }, 403],
  ["asked by our own page over a proxy's TLS", { ...NO_PAGE, host: "board", origin: "https://board" }, null],
  ["another https page", { ...NO_PAGE, host: "board", origin: "https://evil.example" }, 403],
  [
    "an https page of this machine on another port",
    { ...NO_PAGE, host: "board:8080", origin: "https://board" },
    403,
  ],
  [
    "plain http's page where https is served",
    { ...NO_PAGE, origin: "http://127.0.0.1:8080", scheme: "https" },
    403,
  ],
];

for (const [what, asked, status] of CASES) {
  test(`${what}: ${status ?? "passes"}`, () => {
    const verdict = judge(asked, OWN);
    expect(verdict.type === "pass" ? null : verdict.status).toBe(status);
  });
}

test("what changes state is JSON, whatever stands beside it, and no form can be that", () => {
  expect(["application/json", "Application/JSON; charset=utf-8"].map(isJson)).toEqual([true, true]);
  const others = [
    null,
    "",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; x=application/json",
  ];
  expect(others.filter(isJson)).toEqual([]);
});

test("whatever stands in the header, only our names and addresses pass", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (host) => {
      const verdict = judge({ ...NO_PAGE, host }, OWN);
      const name = hostName(host);
      const isOurs = name !== null && (OWN.has(name) || name.includes(":") || /^[\d.]+$/.test(name));
      if (verdict.type === "pass") expect(isOurs).toBe(true);
      else expect([400, 421]).toContain(verdict.status);
    }),
  );
});
