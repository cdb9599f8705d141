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

test("the newest archive of exactly this target, by semver and not by spelling", () => {
  expect(newestFor("linux-x64", SUMS)).toEqual({
    name: "nodupe-1.10.0-linux-x64.tar.gz",
    version: "1.10.0",
    sha256: hash("4"),
  });
  expect(newestFor("linux-x64-musl", SUMS)?.version).toBe("1.2.0");
  expect(newestFor("darwin-arm64", SUMS)).toBeNull();
});

test("a pre-release is never the newest, and where there is nothing else there is nothing", () => {
  expect(newestFor("linux-arm64", SUMS)).toBeNull();
  const later = `${SUMS}${hash("7")}  nodupe-2.0.0-beta-linux-x64.tar.gz\n`;
  expect(newestFor("linux-x64", later)?.version).toBe("1.10.0");
});

test("newer is what semver says", () => {
  expect(isNewer("1.10.0", "1.9.0")).toBe(true);
  expect(isNewer("1.0.0", "1.0.0")).toBe(false);
  expect(isNewer("1.0.0-rc.1", "1.0.0")).toBe(false);
});

test("no name with a path in it is ever taken, and no text makes it throw", () => {
  expect(newestFor("linux-x64", `${hash("1")}  ../nodupe-1.2.0-linux-x64.tar.gz\n`)).toBeNull();
  expect(newestFor("linux-x64", `${hash("1")}  nodupe-1/../2-linux-x64.tar.gz\n`)).toBeNull();
  fc.assert(
    fc.property(fc.string(), (text) => {
      newestFor("linux-x64", text);
    }),
  );
});
