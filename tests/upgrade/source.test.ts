import { expect, test } from "bun:test";
import { isAllowed, parseSource } from "../../src/upgrade/source.ts";

test("https from anywhere, http only from this machine, never with a password in it", () => {
  const allowed = [
    "https://example.org/nodupe",
    "http://127.0.0.1:8080",
    "http://127.9.9.9",
    "http://localhost/x",
    "http://[::1]:80/",
  ];
  const refused = [
    "http://example.org",
    "http://127.0.0.1.example.org",
    "http://localhost.example.org",
    "http://127.0.0.1@example.org",
    "https://user:secret@example.org",
    "file:///tmp",
    "ftp://localhost",
  ];
  expect(allowed.filter((text) => !isAllowed(new URL(text)))).toEqual([]);
  expect(refused.filter((text) => isAllowed(new URL(text)))).toEqual([]);
});

test("an address is a folder, with or without a trailing slash", () => {
  expect(new URL("SHA256SUMS", parseSource("https://example.org/a").href).href).toBe(
    "https://example.org/a/SHA256SUMS",
  );
  expect(parseSource("https://example.org/a/").href).toBe("https://example.org/a/");
  expect(() => parseSource("example.org")).toThrow("expected a URL with https");
});
