import { expect, test } from "bun:test";
import fc from "fast-check";
import { isNewer, newestFor } from "../../src/upgrade/checksums.ts";

const hash = (digit: string): string => digit.repeat(64);

const SUMS = [
  `${hash("0")}  install.sh`,
  `${hash("1")}  nodupe-1.2.0-linux-x64.tar.gz`,
  `${hash("2")}  nodupe-1.2.0-linux-x64.tar.xz`,
  `${hash("3")}  nodupe-1.2.0-linux-x64-musl.tar.gz`,
  `${hash("4")}  nodupe-1.10.0-linux-x64.tar.gz`,
  `${hash("5")}  nodupe-1.10.0-rc.1-linux-x64.tar.gz`,
  `${hash("6")}  nodupe-1.10.0-rc.1-linux-arm64.tar.gz`,
  "",
].join("\n");

test("the newest archive for exactly this target, by semver rather than spelling", () => {
  expect(newestFor("linux-x64", SUMS)).toEqual({
    name: "nodupe-1.10.0-linux-x64.tar.gz",
    version: "1.10.0",
    sha256: hash("4"),
  });
  expect(newestFor("linux-x64-musl", SUMS)?.version).toBe("1.2.0");
  expect(newestFor("darwin-arm64", SUMS)).toBeNull();
});

test("pre-releases are skipped; if there is nothing else, the result is null", () => {
  expect(newestFor("linux-arm64", SUMS)).toBeNull();
  const later = `${SUMS}${hash("7")}  nodupe-2.0.0-beta-linux-x64.tar.gz\n`;
  expect(newestFor("linux-x64", later)?.version).toBe("1.10.0");
});

test("newer means newer by semver", () => {
  expect(isNewer("1.10.0", "1.9.0")).toBe(true);
  expect(isNewer("1.0.0", "1.0.0")).toBe(false);
  expect(isNewer("1.0.0-rc.1", "1.0.0")).toBe(false);
});

test("names containing a path are never accepted, and no text makes it throw", () => {
  expect(newestFor("linux-x64", `${hash("1")}  ../nodupe-1.2.0-linux-x64.tar.gz\n`)).toBeNull();
  expect(newestFor("linux-x64", `${hash("1")}  nodupe-1/../2-linux-x64.tar.gz\n`)).toBeNull();
  fc.assert(
    fc.property(fc.string(), (text) => {
      newestFor("linux-x64", text);
    }),
  );
});
