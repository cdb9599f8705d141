import { expect, test } from "bun:test";
import { openStore } from "../../../src/db/open.ts";
import { inSnapshot } from "../../../src/nodes/compare/node-source.ts";
import { tempFolder } from "../../support/temp.ts";

test("a comparison reads the store as it was when it began", async () => {
  using folder = tempFolder();
  const path = folder.file("store.db");
  using reader = openStore({ path });
  using writer = openStore({ path });
  const names = () => reader.db.query("SELECT name FROM node").all();
  await inSnapshot(reader.db, async () => {
    expect(names()).toEqual([]);
    writer.db.run("INSERT INTO node (name) VALUES ('a')");
    await Promise.resolve();
    expect(names()).toEqual([]);
  });
  expect(names()).toEqual([{ name: "a" }]);
});

test("what goes wrong meanwhile leaves the connection as it was", async () => {
  using store = openStore({ path: ":memory:" });
  const failed: unknown = await inSnapshot(store.db, () => Promise.reject(new Error("away"))).catch(
    (error: unknown) => error,
  );
  expect(failed).toEqual(new Error("away"));
  expect(store.db.inTransaction).toBe(false);
});
