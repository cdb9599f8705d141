import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { programPath } from "../programs.ts";
import { type Run, runCommand } from "../run.ts";
import { tempFolder } from "../temp.ts";
import { until } from "../until.ts";

/** A separate machine under systemd, with this machine's files, on which it leaves no trace, and without a network. */
export interface Container extends AsyncDisposable {
  /** Runs a command in it as root. */
  run(...command: string[]): Promise<Run>;
  write(path: string, text: string, mode?: number): void;
}

async function mustRun(...command: string[]): Promise<void> {
  const run = await runCommand(command);
  if (run.exitCode !== 0) throw new Error(`Cannot run ${command.join(" ")}: ${run.stderr}`);
}

/** The process id of systemd, a child of the process that started the container. */
async function initOf(starter: number): Promise<number> {
  const children = await runCommand([programPath("pgrep"), "-P", `${starter}`]);
  return Number(children.stdout.trim().split("\n")[0] ?? Number.NaN);
}

/** Boots a container up to its basic system, with `files` (path inside → path here) added. */
export async function bootContainer(files: Readonly<Record<string, string>>): Promise<Container> {
  const folder = tempFolder();
  await mustRun("mount", "-t", "tmpfs", "-o", "size=512m", "nodupe-test", folder.path);
  const root = folder.file("root");
  const upper = folder.file("upper");
  for (const part of [root, upper, folder.file("work")]) mkdirSync(part);
  const layers = `lowerdir=/,upperdir=${upper},workdir=${folder.file("work")}`;
  await mustRun("mount", "-t", "overlay", "-o", layers, "overlay", root);
  for (const [path, from] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    cpSync(from, join(root, path));
  }
  const child = Bun.spawn(
    [
      programPath("systemd-nspawn"),
      "-q",
      "--register=no",
      "--keep-unit",
      "--private-network",
      `--machine=nodupe-${process.pid}`,
      `--directory=${root}`,
      "/lib/systemd/systemd",
      "--unit=sysinit.target",
    ],
    { stdin: "ignore", stdout: "ignore", stderr: "ignore" },
  );
  let init = Number.NaN;
  await until(async () => (init = await initOf(child.pid)) > 0, "it has started");
  const run: Container["run"] = (...command) =>
    runCommand([programPath("nsenter"), "--all", "--target", `${init}`, ...command]);
  const end = async (): Promise<void> => {
    // It is the first process of its namespace, so all others end with it. It outlives the program that started it.
    process.kill(init, "SIGKILL");
    await child.exited;
    await until(async () => (await runCommand(["umount", root])).exitCode === 0, "the root is free");
    await mustRun("umount", folder.path);
    folder[Symbol.dispose]();
  };
  try {
    await until(
      async () => (await run("systemctl", "is-active", "sysinit.target")).stdout.trim() === "active",
      "the container has booted",
      60_000,
    );
  } catch (error) {
    const jobs = await run("systemctl", "list-jobs", "--no-legend");
    await end();
    throw new Error(`it still waits for: ${jobs.stdout}${jobs.stderr}`, { cause: error });
  }
  return {
    run,
    write: (path, text, mode = 0o644) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text, { mode });
    },
    [Symbol.asyncDispose]: end,
  };
}
