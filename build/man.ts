// Writes the man pages and the completions into a folder: `bun build/man.ts dist/papers`.
import { resolve } from "node:path";
import { VERSION } from "../src/lib/version.ts";
import { buildTimeS } from "./compile.ts";
import { commandPapers } from "./release/papers.ts";

const folder = resolve(process.argv[2] ?? "dist/papers");
for (const { name, content } of await commandPapers(VERSION, buildTimeS())) {
  await Bun.write(`${folder}/${name}`, content);
}
