import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { messageOf } from "../../src/lib/errors.ts";
import type { Alert } from "../../src/serve/alerts.ts";
import { runOnAlert } from "../../src/serve/on-alert.ts";
import { tempFolder } from "../support/temp.ts";
import { until } from "../support/until.ts";

const ALERT: Alert = {
  type: "raised",
  at: "2026-11-26T12:00:00.000Z",
  problem: { about: "nodes", key: "silent:pi", text: "pi is silent; $(touch planted)" },
};
const NEVER = new AbortController().signal;
const environment = { PATH: process.env["PATH"] };

test("the command gets the text in its environment, and nothing of it is run", async () => {
  using folder = tempFolder();
  const command = `cd '${folder.path}' && printf '%s|%s' "$NODUPE_ALERT" "$NODUPE_ALERT_KEY" > told`;
  await runOnAlert({ command, environment }, ALERT, NEVER);
  expect(readFileSync(folder.file("told"), "utf8")).toBe("pi is silent; $(touch planted)|silent:pi");
});

test("one that fails is reported", async () => {
  const failed = runOnAlert({ command: "exit 3", environment }, ALERT, NEVER).catch(messageOf);
  expect(await failed).toBe("Cannot report an alert: the on_alert command ended with exit code 3");
});

function isGone(pid: number): boolean {
  try {
    // A zombie that nobody has reaped yet has ended, too.
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return true;
  }
}

test("one that hangs is killed, whatever it ignores, and that is reported", async () => {
  const command = "trap '' TERM; sleep 600; true";
  const failed = runOnAlert({ command, environment, longestMs: 100 }, ALERT, NEVER).catch(messageOf);
  expect(await failed).toBe("Cannot report an alert: the on_alert command did not end within 0.1 s");
});

test("one that runs when the server stops is killed with what it started", async () => {
  using folder = tempFolder();
  const file = folder.file("pids");
  const command = `trap '' TERM; sleep 600 & echo $$ $! > '${file}.part'; mv '${file}.part' '${file}'; wait; true`;
  const stop = new AbortController();
  const running = runOnAlert({ command, environment }, ALERT, stop.signal);
  await until(() => existsSync(file), "the command runs");
  const pids = readFileSync(file, "utf8").trim().split(" ").map(Number);
  expect(pids.map(isGone)).toEqual([false, false]);
  stop.abort();
  await running;
  await until(() => pids.every(isGone), "the command and its child are gone");
});
