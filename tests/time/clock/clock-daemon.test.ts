import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { clockOwner } from "../../../src/time/clock/clock-daemon.ts";
import { tempFolder, type TempFolder } from "../../support/temp.ts";

function running(folder: TempFolder, pid: number, comm: string, argv: readonly string[]): void {
  mkdirSync(folder.file(String(pid)));
  writeFileSync(folder.file(String(pid), "comm"), `${comm}\n`);
  writeFileSync(folder.file(String(pid), "cmdline"), argv.map((argument) => `${argument}\0`).join(""));
}

test("a daemon that disciplines the clock is found by its name", () => {
  using folder = tempFolder();
  running(folder, 10, "bash", ["bash"]);
  expect(clockOwner(folder.path)).toBeNull();
  running(folder, 20, "systemd-timesyn", ["/usr/lib/systemd/systemd-timesyncd"]);
  expect(clockOwner(folder.path)).toEqual({ name: "systemd-timesyncd", pid: 20 });
});

test("a chronyd that does not touch the clock is not an owner", () => {
  for (const [argv, owns] of [
    [["chronyd"], true],
    [["chronyd", "-f", "/etc/x.conf"], true],
    [["chronyd", "-x"], false],
    [["chronyd", "-d", "-x", "-f", "/etc/chrony.conf"], false],
    [["chronyd", "-Q", "server ntp.se"], false],
  ] as const) {
    using folder = tempFolder();
    running(folder, 7, "chronyd", argv);
    expect([argv, clockOwner(folder.path)?.name ?? null]).toEqual([argv, owns ? "chronyd" : null]);
  }
});

test("a zombie daemon is not an owner", () => {
  using folder = tempFolder();
  running(folder, 7, "ntpd", []);
  expect(clockOwner(folder.path)).toBeNull();
});

test("without /proc there is no owner", () => {
  expect(clockOwner("/nonexistent")).toBeNull();
});
