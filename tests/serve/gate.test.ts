import { expect, test } from "bun:test";
import fc from "fast-check";
import { type Asked, hostName, judge } from "../../src/serve/gate.ts";

const OWN = new Set(["localhost", "board", "board.local"]);
const GET: Asked = { method: "GET", host: "127.0.0.1:8080", origin: null, contentType: null, scheme: "http" };
const POST: Asked = { ...GET, method: "POST", contentType: "application/json" };

const CASES: readonly (readonly [what: string, asked: Asked, status: 400 | 403 | 415 | 421 | null])[] = [
  ["a request to an address", GET, null],
  ["a request to IPv6", { ...GET, host: "[::1]:8080" }, null],
  ["a request to this board's name", { ...GET, host: "Board.local" }, null],
  ["a name with the root's dot", { ...GET, host: "board.local.:8080" }, null],
  ["no host", { ...GET, host: null }, 400],
  ["two hosts", { ...GET, host: "localhost, evil.example" }, 400],
  ["a host with a path", { ...GET, host: "localhost/evil" }, 400],
  ["a host with a user", { ...GET, host: "localhost@evil.example" }, 400],
  ["another name (DNS rebinding)", { ...GET, host: "evil.example:8080" }, 421],
  ["a name that begins like ours", { ...GET, host: "localhost.evil.example" }, 421],
  ["a name that looks like an address", { ...GET, host: "127.0.0.1.evil.example" }, 421],
  ["JSON without a page", POST, null],
  ["JSON from our page", { ...POST, origin: "http://127.0.0.1:8080" }, null],
  ["JSON from another page", { ...POST, origin: "http://evil.example" }, 403],
  ["JSON from another port", { ...POST, origin: "http://127.0.0.1:9090" }, 403],
  ["JSON from a sandboxed page", { ...POST, origin: "null" }, 403],
  ["reading from another page", { ...GET, origin: "https://evil.example" }, 403],
  [
    "plain http's page where https is served",
    { ...POST, origin: "http://127.0.0.1:8080", scheme: "https" },
    403,
  ],
  ["a form", { ...POST, contentType: "application/x-www-form-urlencoded" }, 415],
  ["text that may be JSON", { ...POST, contentType: "text/plain" }, 415],
  ["no type", { ...POST, contentType: null }, 415],
  ["a charset beside it", { ...POST, contentType: "Application/JSON; charset=utf-8" }, null],
];

for (const [what, asked, status] of CASES) {
  test(`${what}: ${status ?? "passes"}`, () => {
    const verdict = judge(asked, OWN);
    expect(verdict.type === "pass" ? null : verdict.status).toBe(status);
  });
}

test("whatever stands in the header, only our names and addresses pass", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (host) => {
      const verdict = judge({ ...GET, host }, OWN);
      const name = hostName(host);
      const isOurs = name !== null && (OWN.has(name) || name.includes(":") || /^[\d.]+$/.test(name));
      if (verdict.type === "pass") expect(isOurs).toBe(true);
      else expect([400, 421]).toContain(verdict.status);
    }),
  );
});
