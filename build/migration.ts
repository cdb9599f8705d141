// `npm run migration -- NAME`: creates the next schema step from the difference between src/db/tables and the last
// step, and embeds it. Prints "No schema changes" if there is none. Works offline.
//
//   --onto REF   first resets src/db/migrations to those of REF (main), for when two branches both added a step
import { readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const ROOT = resolve(import.meta.dir, "..");
const FOLDER = "src/db/migrations";
const LIST = join(ROOT, "src/db/migrations.ts");

function run(...command: string[]): void {
  const { exitCode } = Bun.spawnSync(command, { cwd: ROOT, stdio: ["inherit", "inherit", "inherit"] });
  if (exitCode !== 0)
    throw new Error(`Cannot make the migration: ${command.join(" ")} ended with ${exitCode}`);
}

function steps(): string[] {
  return readdirSync(join(ROOT, FOLDER))
    .filter((name) => name.endsWith(".sql"))
    .toSorted();
}

function takeFrom(ref: string): void {
  rmSync(join(ROOT, FOLDER), { recursive: true });
  run("git", "checkout", ref, "--", FOLDER, "src/db/migrations.ts");
}

/** drizzle does not support STRICT: it is added here to every new table. */
async function makeStrict(name: string): Promise<void> {
  const path = join(ROOT, FOLDER, name);
  const sql = await Bun.file(path).text();
  await Bun.write(path, sql.replaceAll(/^\);?$/gm, ") STRICT;").trimEnd() + "\n");
}

/** Writes the imports and the list in db/migrations.ts. */
async function embed(names: readonly string[]): Promise<void> {
  const source = await Bun.file(LIST).text();
  const known = names.map((name) => ({ name, as: `m${name.slice(0, 4)}` }));
  const imports = known.map(
    ({ name, as }) => `import ${as} from "./migrations/${name}" with { type: "text" };\n`,
  );
  await Bun.write(
    LIST,
    source
      .replace(/^(import .*\n)+/, imports.join(""))
      .replace(/ = \[[^\]]*\];/, ` = [${known.map(({ as }) => as).join(", ")}];`),
  );
  run("oxfmt", LIST);
}

const { values, positionals } = parseArgs({ options: { onto: { type: "string" } }, allowPositionals: true });
if (values.onto !== undefined) takeFrom(values.onto);
const before = new Set(steps());
const name = positionals[0] === undefined ? [] : ["--name", positionals[0]];
run("drizzle-kit", "generate", ...name);
const after = steps();
for (const step of after.filter((one) => !before.has(one))) await makeStrict(step);
await embed(after);
