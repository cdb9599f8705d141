// Generates docs/reference from the code: settings, keys of --json, exit codes, metrics, and JSON Schemas for each
// --json and for the config file.
//
//   bun build/reference.ts
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { referenceFiles } from "./reference/pages.ts";

const FOLDER = resolve(import.meta.dir, "../docs/reference");

const files = await referenceFiles();
rmSync(FOLDER, { recursive: true, force: true });
for (const [name, content] of files) await Bun.write(join(FOLDER, name), content);
await Bun.write(Bun.stdout, `wrote ${files.size} files to ${FOLDER}\n`);
