import { expect, test as plain } from "bun:test";
import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { BINARY, PROGRAM } from "../../support/binary.ts";
import { bootContainer } from "../../support/install/container.ts";
import { expectAsPublished } from "../../support/docs/published-schema.ts";
import { needsRoot } from "../../support/programs.ts";
import { nodupe, runCommand } from "../../support/run.ts";
import { tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";

const test = needsRoot("systemd-nspawn", "systemd-analyze", "nsenter", "curl", "redis-server", "redis-cli");
const REDIS = ["redis-server", "--daemonize", "yes", "--save", "", "--requirepass", "s3cret"];

plain("units are printed where there is no systemd to install them, and bad words are told", async () => {
  const printed = await nodupe(["service", "print", "time", "--json"]);
  const { files } = JSON.parse(printed.stdout) as { files: { path: string; text: string }[] };
  expect(files.map(({ path }) => path)).toEqual([
    "/etc/systemd/system/nodupe-time.service",
    "/etc/systemd/system/nodupe-time-boot.service",
  ]);
  const unknown = await nodupe(["service", "print", "synch"]);
  expect([unknown.exitCode, unknown.stderr]).toEqual([2, expect.stringContaining("did you mean sync?")]);
  expect((await nodupe(["service", "install", "sync", "/nowhere"])).exitCode).toBe(2);
  expect((await nodupe(["service", "uninstall", "ingest"])).exitCode).toBe(1);
});

plain(
  "values of flags stay as they are, whatever the working directory holds; the job's command checks them first",
  async () => {
    using folder = tempFolder();
    mkdirSync(folder.file("pi-1"));
    writeFileSync(folder.file("node.log"), "");
    const print = (...words: string[]) =>
      runCommand([BINARY, "service", "print", "ingest", "--", ...words], { cwd: folder.path });
    const printed = await print("--node", "pi-1", "node.log");
    expect(printed.stdout).toContain(` ingest --follow --node pi-1 ${folder.file("node.log")}\n`);
    const wrong = await print("--node", "pi-1", "--folow", "node.log");
    expect([wrong.exitCode, wrong.stderr]).toEqual([2, expect.stringContaining("did you mean --follow?")]);
  },
);

needsRoot("systemd-analyze")("a log that only a group may read brings its group into the unit", async () => {
  using folder = tempFolder();
  const log = folder.file("node.log");
  writeFileSync(log, "");
  chmodSync(log, 0o640);
  // 4 is adm's on Debian; a group without a name is told by its number.
  chownSync(log, 0, 4);
  const print = ["service", "print", "ingest", "--json", "--", "--node", "a", log];
  const unit = async (): Promise<string> => {
    const { files } = JSON.parse((await nodupe(print)).stdout) as { files: { text: string }[] };
    return files[0]?.text ?? "";
  };
  expect(await unit()).toMatch(/\nSupplementaryGroups=(adm|4)\n/);
  chmodSync(log, 0o644);
  expect(await unit()).not.toContain("SupplementaryGroups");
});

test("under systemd: installed, ready, uploading what arrives, sharing it; a loop that hangs is restarted; removed again", async () => {
  await using machine = await bootContainer({ "/usr/local/bin/nodupe": PROGRAM });
  machine.write("/etc/nodupe/config.toml", '[sync]\nurl = "http://127.0.0.1:8321"\n');
  machine.write("/srv/cvs/first.txt", "the first");
  machine.write(
    "/etc/systemd/system/sandbox.service",
    "[Service]\nExecStart=/usr/local/bin/nodupe sandbox --json --listen 127.0.0.1:8321\nStandardOutput=file:/run/sandbox\nStandardError=null\n",
  );
  await machine.run("ip", "link", "set", "lo", "up");
  expect(await machine.run("systemctl", "start", "sandbox")).toMatchObject({ exitCode: 0 });
  const stored = async (): Promise<number> => {
    const stats = await machine.run("curl", "-s", "http://127.0.0.1:8321/sandbox/stats");
    return stats.exitCode === 0 ? (JSON.parse(stats.stdout) as { stored: number }).stored : -1;
  };
  await until(async () => (await stored()) === 0, "the sandbox answers", 30_000);

  const told = JSON.parse((await machine.run("cat", "/run/sandbox")).stdout) as { api_key: string };
  machine.write("/etc/nodupe/api-key", `${told.api_key}\n`, 0o600);
  machine.write("/etc/nodupe/shared", "redis://:s3cret@127.0.0.1:6379/0\n", 0o600);
  expect(await machine.run(...REDIS)).toMatchObject({ exitCode: 0 });

  // The service runs as the folder's owner.
  expect(await machine.run("chown", "-R", "daemon", "/srv/cvs")).toMatchObject({ exitCode: 0 });
  const install = ["nodupe", "service", "install", "sync", "/srv/cvs", "--json"];
  expect(await machine.run(...install)).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining("nodupe-sync.service is installed but did not start: no API key"),
  });
  const secrets = ["--api-key-file", "/etc/nodupe/api-key", "--shared-file", "/etc/nodupe/shared"];
  const installed = await machine.run(...install, ...secrets);
  expect(installed).toMatchObject({ exitCode: 0, stderr: "" });
  expectAsPublished("service install", installed.stdout);
  const show = async (property: string): Promise<string> =>
    (await machine.run("systemctl", "show", "--value", "-p", property, "nodupe-sync")).stdout.trim();
  expect(await show("ActiveState")).toBe("active");
  expect(await show("StatusText")).toContain("watching /srv/cvs");
  await until(async () => (await stored()) === 1, "what was there is uploaded", 30_000);
  // The password is a credential of the service's: it stands neither in its unit nor in the list of processes.
  const keys = async (): Promise<string> =>
    (await machine.run("redis-cli", "-a", "s3cret", "--no-auth-warning", "KEYS", "nodupe:1:*:done:*")).stdout;
  await until(async () => (await keys()) !== "", "the shared store knows of it", 30_000);
  const inSight = await machine.run("systemctl", "cat", "nodupe-sync");
  expect(inSight.stdout).toContain("LoadCredential=shared:/etc/nodupe/shared");
  expect(inSight.stdout + (await machine.run("ps", "-ef")).stdout).not.toContain("s3cret@");
  expect(await show("User")).toBe("daemon");
  const judged = await machine.run("systemd-analyze", "security", "--threshold=15", "nodupe-sync");
  expect([judged.exitCode, judged.stdout.trim().split("\n").at(-1)]).toEqual([0, expect.any(String)]);
  machine.write("/srv/cvs/.second", "the second");
  await machine.run("mv", "/srv/cvs/.second", "/srv/cvs/second.txt");
  await until(async () => (await stored()) === 2, "what arrived is uploaded", 30_000);

  machine.write("/etc/systemd/system/nodupe-sync.service.d/soon.conf", "[Service]\nWatchdogSec=2s\n");
  await machine.run("systemctl", "daemon-reload");
  await machine.run("systemctl", "restart", "nodupe-sync");
  const pid = await show("MainPID");
  await machine.run("kill", "-STOP", pid);
  await until(async () => Number(await show("NRestarts")) > 0, "the watchdog has it restarted", 60_000);
  await until(async () => (await show("ActiveState")) === "active", "it is at work again", 30_000);
  expect(await show("MainPID")).not.toBe(pid);

  await machine.run("systemctl", "stop", "nodupe-sync");
  expect(await show("ActiveState")).toBe("inactive");
  const uninstalled = await machine.run("nodupe", "service", "uninstall", "sync", "--json");
  expect(uninstalled).toMatchObject({ exitCode: 0 });
  expectAsPublished("service uninstall", uninstalled.stdout);
  expect((await machine.run("systemctl", "is-enabled", "nodupe-sync")).exitCode).not.toBe(0);
  expect((await machine.run("ls", "/var/lib/nodupe/nodupe.db")).exitCode).toBe(0);
}, 180_000);
