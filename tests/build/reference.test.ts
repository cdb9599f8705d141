import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { commandLeaves } from "../../build/reference/command-leaves.ts";
import { referenceFiles } from "../../build/reference/pages.ts";
import { resultKeys } from "../../build/reference/result-keys.ts";
import { SECTIONS } from "../../src/cli/command-line/sections.ts";
import { keyName } from "../../src/settings/option.ts";
import { parseConfig } from "../../src/settings/schema.ts";
import { configTemplate } from "../../src/settings/template.ts";
import { publishedSchema } from "../support/docs/published-schema.ts";

const FOLDER = join(import.meta.dir, "../../docs/reference");

test("docs/reference matches the code; to update it: bun build/reference.ts", async () => {
  const made = await referenceFiles();
  const there = [...new Bun.Glob("**/*").scanSync({ cwd: FOLDER })].toSorted();
  expect(there).toEqual([...made.keys()].toSorted());
  const stale = there.filter((name) => readFileSync(join(FOLDER, name), "utf8") !== made.get(name));
  expect(stale).toEqual([]);
});

test("every key is described, and the key of a quantity ends in its unit", async () => {
  const keys = await Promise.all(
    (await commandLeaves()).map(async ({ spec }) =>
      resultKeys(await spec.result())
        .flat()
        .map((key) => ({ command: spec.name, ...key })),
    ),
  );
  const all = keys.flat();
  expect(all.length).toBeGreaterThan(300);
  expect(all.filter(({ what }) => what === "").map(({ command, path }) => `${command}: ${path}`)).toEqual([]);
  const { unit } = all.find(({ command, path }) => command === "time" && path === "servers[].offset_s") ?? {};
  expect(unit).toBe("seconds");
});

const everyKey = Bun.TOML.parse(configTemplate(SECTIONS).replaceAll(/^#(?!#)/gm, ""));

test("the config file with every key set is valid according to its schema", () => {
  expect(publishedSchema("config").safeParse(everyKey).error?.issues ?? []).toEqual([]);
});

test("the program accepts what the config file's schema accepts; both refuse unknown keys", () => {
  const schema = publishedSchema("config");
  const values = [true, 0, 1, 2.5, -1, "", "5s", "1.5h", "512K", "auto", "7", "x", [], ["5s"], [1], {}];
  const wrong: string[] = [];
  for (const [section, options] of Object.entries(SECTIONS))
    for (const [name, option] of Object.entries(options).filter(([, of]) => of.scope !== "flag"))
      for (const value of values) {
        const document = { [section]: { [keyName(name)]: value } };
        if (!schema.safeParse(document).success) continue;
        if (parseConfig(document, { [section]: { [name]: option } }).type === "invalid")
          wrong.push(JSON.stringify(document));
      }
  expect(wrong).toEqual([]);
  for (const document of [{ syncs: {} }, { sync: { worker: 5 } }]) {
    expect(schema.safeParse(document).success).toBe(false);
    expect(parseConfig(document, SECTIONS).type).toBe("invalid");
  }
});
