// Compiles every target in two folders with different names and depths and compares the bytes: `bun
// build/check-reproducible.ts [TARGET…]`. Exits with 1 if a target's bytes differ.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildTimeS } from "./compile.ts";
import { copyTree } from "./copy-tree.ts";
import { runtimeOf } from "./release/runtime.ts";
import { type Target, TARGETS } from "./release/targets.ts";

/** Compiles in a separate process: compile.ts takes its own location as the root. */
async function digest(folder: string, target: Target, runtime: string): Promise<string> {
  const outfile = join(folder, "dist", target.name.startsWith("windows") ? "nodupe.exe" : "nodupe");
  const build = { target: target.name, cross: { bun: target.bun, runtime }, publicKey: null, baseUrl: null };
  const script = `import { compile } from ${JSON.stringify(join(folder, "build/compile.ts"))};
    await compile(${JSON.stringify(build)}, ${JSON.stringify(outfile)});`;
  const child = Bun.spawn([process.execPath, "-e", script], {
    cwd: folder,
    env: { ...process.env, SOURCE_DATE_EPOCH: String(buildTimeS()) },
    stdout: "ignore",
    stderr: "inherit",
  });
  if ((await child.exited) !== 0) throw new Error(`Cannot compile ${target.name}`);
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const chunk of Bun.file(outfile).stream()) hasher.update(chunk);
  rmSync(join(folder, "dist"), { recursive: true });
  return hasher.digest("hex");
}

const asked = process.argv.slice(2);
const work = mkdtempSync(join(tmpdir(), "nodupe-reproducible-"));
try {
  const folders = [join(work, "a"), join(work, "another/and/deeper")];
  for (const folder of folders) copyTree(folder);
  for (const target of TARGETS.filter(({ name }) => asked.length === 0 || asked.includes(name))) {
    const runtime = await runtimeOf(target);
    const digests: string[] = [];
    for (const folder of folders) digests.push(await digest(folder, target, runtime));
    const isSame = new Set(digests).size === 1;
    if (!isSame) process.exitCode = 1;
    await Bun.write(
      Bun.stdout,
      `${target.name}: ${isSame ? "same bytes" : "DIFFERENT BYTES"} ${digests.join(" ")}\n`,
    );
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
