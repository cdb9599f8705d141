import { expect, test } from "bun:test";
import { sdNotify, unixAddress } from "../../src/lib/sd-notify.ts";
import { tempFolder } from "../support/temp.ts";

test("a path ends in NUL, an abstract name begins with one", () => {
  expect([...unixAddress("/run/x")]).toEqual([1, 0, ...Buffer.from("/run/x"), 0]);
  expect([...unixAddress("@x")]).toEqual([1, 0, 0, ...Buffer.from("x")]);
});

test("a name that is too long is refused", () => {
  expect(() => unixAddress("x".repeat(108))).toThrow("at most 107 fit");
});

test("a missing socket is an error with a readable message", () => {
  using folder = tempFolder();
  expect(() => sdNotify(folder.file("nowhere"), ["READY=1"])).toThrow(
    "Cannot notify the service manager: no such file",
  );
});
