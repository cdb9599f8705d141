import { expect, test } from "bun:test";
import { labelsOf, parseBoardUrl, parseRemoteNode, requireSafe } from "../../../src/nodes/fleet/board-url.ts";

test.each([
  ["https://Attic.LAN:8443/", "https://attic.lan:8443"],
  ["https://attic.lan:443", "https://attic.lan"],
  ["https://proxy.lan/attic//", "https://proxy.lan/attic"],
  ["http://[::1]:8080", "http://[::1]:8080"],
  ["https://user@attic.lan", null],
  ["https://attic.lan/?token=x", null],
  ["https://attic.lan/#x", null],
  ["ftp://attic.lan", null],
  ["attic.lan", null],
])("the board %p is %p", (text, url) => {
  expect(parseBoardUrl(text)).toBe(url);
});

test.each([
  ["pi-2@https://attic.lan/", { name: "pi-2", url: "https://attic.lan" }],
  ["a@b@http://127.0.0.1:80", { name: "a@b", url: "http://127.0.0.1" }],
  ["pi-2", null],
  ["pi@home", null],
  ["pi-2=/logs/a@https://b.log", null],
])("%p names %p", (text, node) => {
  expect(parseRemoteNode(text)).toEqual(node);
});

test("plain http goes to this machine alone, unless it is allowed", () => {
  for (const url of ["http://127.0.0.1:8080", "http://[::1]", "http://localhost", "https://192.0.2.1"])
    expect(() => requireSafe(url, false)).not.toThrow();
  for (const url of ["http://192.0.2.1", "http://attic.lan:8080", "http://127.0.0.1.example"]) {
    expect(() => requireSafe(url, false)).toThrow("--insecure-http");
    expect(() => requireSafe(url, true)).not.toThrow();
  }
});

test("nodes are called by name, and those of other boards with their URL only where two would be alike", () => {
  const attic = "https://attic.lan";
  const shed = "https://shed.lan";
  expect(
    labelsOf([
      { name: "a", url: null },
      { name: "b", url: attic },
    ]),
  ).toEqual(["a", "b"]);
  expect(
    labelsOf([
      { name: "a", url: null },
      { name: "a", url: attic },
    ]),
  ).toEqual(["a", `a@${attic}`]);
  expect(
    labelsOf([
      { name: "a", url: shed },
      { name: "a", url: attic },
    ]),
  ).toEqual([`a@${shed}`, `a@${attic}`]);
});
