import { expect } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { unemulated } from "../../support/programs.ts";
import { runCommand } from "../../support/run.ts";
import { tempFolder } from "../../support/temp.ts";

const LANDLOCK = join(import.meta.dir, "../../../src/lib/ffi/landlock.ts");

/** Confined to `mine` in its working directory; tries to write in several places, on this thread and on others. */
const TRIES = `
import { writeFileSync, unlinkSync, readFileSync } from "node:fs";
import { connect } from "node:net";
const { confine } = await import(${JSON.stringify(LANDLOCK)});
const confined = confine({ folders: [process.cwd() + "/mine"], network: false });
const said = {};
const trying = async (name, action) => {
  try { await action(); said[name] = "done"; } catch (error) { said[name] = error.code ?? String(error); }
};
await trying("mine", () => { writeFileSync("mine/a", "x"); writeFileSync("mine/a", "y"); unlinkSync("mine/a"); });
await trying("other", () => writeFileSync("other/victim", "x"));
await trying("remove", () => unlinkSync("other/victim"));
await trying("bun", () => Bun.write("other/new", "x".repeat(100_000)));
await trying("read", () => readFileSync("other/victim"));
await trying("program", () => { const { exitCode } = Bun.spawnSync(["/bin/true"]); if (exitCode !== 0) throw new Error("EACCES"); });
await trying("connect", () => new Promise((resolve, reject) => {
  const socket = connect({ port: Number(process.env.PORT), host: "127.0.0.1" });
  socket.on("connect", resolve);
  socket.on("error", reject);
}));
const source = "import { writeFileSync } from 'node:fs'; try { writeFileSync('other/new', 'x'); postMessage('done'); } catch (error) { postMessage(error.code); }";
const worker = new Worker(URL.createObjectURL(new Blob([source])));
said.worker = await new Promise((resolve) => { worker.onmessage = ({ data }) => resolve(data); });
await Bun.write(Bun.stdout, JSON.stringify({ confined, said }));
process.exit(0);
`;

unemulated(
  "a process that is confined writes below its own folder alone, on every thread that it starts",
  async () => {
    using folder = tempFolder();
    for (const name of ["mine", "other"]) mkdirSync(folder.file(name));
    writeFileSync(folder.file("other", "victim"), "as it was");
    using server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
    const place = { cwd: folder.path, env: { PORT: String(server.port) } };
    const { stdout, stderr, exitCode } = await runCommand([process.execPath, "-e", TRIES], place);
    expect([exitCode, stderr]).toEqual([0, ""]);
    const { confined, said } = JSON.parse(stdout) as { confined: boolean; said: Record<string, string> };
    // A kernel without Landlock permits everything, and confine says so.
    const refused = confined ? "EACCES" : "done";
    expect(said).toEqual({
      mine: "done",
      other: refused,
      remove: refused,
      bun: refused,
      read: confined ? "done" : "ENOENT",
      program: refused,
      connect: refused,
      worker: refused,
    });
    if (confined) expect(readFileSync(folder.file("other", "victim"), "utf8")).toBe("as it was");
  },
);
