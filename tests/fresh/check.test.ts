// The README's second command on a fresh Debian: takes minutes, so only build/check.sh --all runs it. On its own:
// NODUPE_FRESH_CHECK=--all bun test --timeout 600000 tests/fresh/check.test.ts
import { expect } from "bun:test";
import {
  addUser,
  cloneInto,
  freshDebian,
  needsFreshDebian,
  ROOT_HOME,
} from "../support/install/fresh-debian.ts";
import { skipping } from "../support/programs.ts";
import type { Run } from "../support/run.ts";

const isAsked = process.env["NODUPE_FRESH_CHECK"] === "--all";
const fresh = isAsked ? await needsFreshDebian() : skipping("build/check.sh --all alone asks for it");
const TIMEOUT_MS = 3_600_000;

/** Expects a run to have passed; otherwise prints its whole output. */
function expectPassed({ exitCode, stdout, stderr }: Run): void {
  if (exitCode !== 0) process.stderr.write(`${stdout}${stderr}`);
  const lines = stdout.trimEnd().split("\n");
  const failed = lines.filter((line) => /^\(fail\)|FAILED|^failed:/.test(line));
  expect([exitCode, failed, lines.at(-1)]).toEqual([
    0,
    [],
    expect.stringMatching(/^\d+ passed, 0 failed, \d+ skipped$/),
  ]);
}

fresh(
  "build/check.sh: root in a closed home",
  async () => {
    await using machine = await freshDebian();
    await machine.run("chmod 700 /root");
    await cloneInto(machine, `${ROOT_HOME}/nodupe`, "root");
    expectPassed(await machine.run("cd nodupe && ./build/check.sh"));
  },
  TIMEOUT_MS,
);

fresh(
  "build/check.sh: a user with a space in the home and umask 077, without a network once the packages are there",
  async () => {
    await using machine = await freshDebian();
    await addUser(machine, "ada");
    const checkout = "/home/ada of the office/a checkout";
    await cloneInto(machine, checkout, "ada");
    const ada = { user: "ada", umask: "077" };
    const packages = await machine.run("cd 'a checkout' && npm ci --no-fund --no-audit", ada);
    expect([packages.exitCode, packages.stderr]).toEqual([0, expect.any(String)]);
    expectPassed(await machine.run("cd 'a checkout' && ./build/check.sh", { ...ada, network: false }));
  },
  TIMEOUT_MS,
);
