import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { demoFolder } from "../../../src/serve/demo/demo-folder.ts";
import { tempFolder } from "../../support/temp.ts";

test("a demo removes what killed demos left, and nothing else", async () => {
  using parent = tempFolder();
  const ended = Bun.spawn(["true"]);
  await ended.exited;
  const left = `nodupe-demo-${ended.pid}-abc123`;
  const running = `nodupe-demo-${process.ppid}-abc123`;
  for (const name of [left, running, "nodupe-demo-of-somebody", "other"]) mkdirSync(parent.file(name));
  writeFileSync(parent.file(left, "store.db"), "old");
  {
    using folder = demoFolder(parent.path);
    const own = folder.path.slice(parent.path.length + 1);
    expect(readdirSync(parent.path).toSorted()).toEqual(
      [own, running, "nodupe-demo-of-somebody", "other"].toSorted(),
    );
  }
  expect(readdirSync(parent.path)).toHaveLength(3);
});
