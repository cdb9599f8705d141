import { expect, test } from "bun:test";
import { join } from "node:path";
import { lockFile } from "../../src/lib/file-lock.ts";
import { tempFolder } from "../support/temp.ts";

test("there is one holder at a time, and others learn who it is; after a release the next one gets the lock", () => {
  using folder = tempFolder();
  const path = folder.file("lock");
  const first = lockFile(path);
  expect(first.type).toBe("held");
  expect(lockFile(path)).toEqual({ type: "taken", holder: process.pid });
  if (first.type === "held") first.lock[Symbol.dispose]();
  const again = lockFile(path);
  expect(again.type).toBe("held");
  if (again.type === "held") again.lock[Symbol.dispose]();
});

test("a holder that is killed leaves no lock behind", async () => {
  using folder = tempFolder();
  const path = folder.file("lock");
  const module = join(import.meta.dir, "../../src/lib/file-lock.ts");
  const script = `const { lockFile } = await import(${JSON.stringify(module)}); const kept = lockFile(${JSON.stringify(path)}); console.log(kept.type); setInterval(() => kept, 1000);`;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
  const { value } = await child.stdout.getReader().read();
  expect(new TextDecoder().decode(value)).toBe("held\n");
  expect(lockFile(path)).toEqual({ type: "taken", holder: child.pid });
  child.kill("SIGKILL");
  await child.exited;
  const after = lockFile(path);
  expect(after.type).toBe("held");
  if (after.type === "held") after.lock[Symbol.dispose]();
});
