import { expect, test } from "bun:test";
import { parseTokens, tokenFor } from "../../../src/nodes/fleet/access.ts";

test("one token for all boards, or one for each; a board without its own gets the common one, and none gets another's", () => {
  const common = parseTokens("# of the fleet\n\n  secret-of-all\n", "f");
  expect(tokenFor(common, "https://attic.lan")).toBe("secret-of-all");
  const each = parseTokens("https://attic.lan:8443/ a\nhttp://127.0.0.1:80 b\r\n", "f");
  const asked = [
    "https://attic.lan:8443",
    "http://127.0.0.1",
    "https://attic.lan",
    "https://attic.lan:8443/x",
  ];
  expect(asked.map((url) => tokenFor(each, url))).toEqual(["a", "b", null, null]);
  const both = parseTokens("https://attic.lan a\nc", "f");
  expect([tokenFor(both, "https://attic.lan"), tokenFor(both, "https://shed.lan")]).toEqual(["a", "c"]);
});

test.each([
  ["nothing", "\n# only a comment\n", "holds no token"],
  ["two tokens for all", "one\ntwo", "line 2"],
  ["a URL that is none", "attic.lan secret", "line 1"],
  ["a URL with a password", "https://user:secret@attic.lan secret", "line 1"],
  ["three words", "https://attic.lan secret more", "line 1"],
  ["a token that no header may hold", "sécret", "line 1"],
])("%s: refused, and no token is told", (_what, text, says) => {
  expect(() => parseTokens(text, "fleet-token")).toThrow(says);
  expect(() => parseTokens(text, "fleet-token")).not.toThrow(/s.cret/);
});
