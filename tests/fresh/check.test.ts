// The README's second command on a fresh Debian: minutes, so that only build/check.sh --all asks for it.
import { expect } from "bun:test";
import { addUser, cloneInto, freshDebian, needsFreshDebian, ROOT_HOME } from "../support/fresh-debian.ts";
import { skipping } from "../support/programs.ts";

const isAsked = process.env["NODUPE_FRESH_CHECK"] === "--all";
const fresh = isAsked ? await needsFreshDebian() : skipping("build/check.sh --all alone asks for it");
const TIMEOUT_MS = 3_600_000;

/** The last line, and those that say what failed. */
function verdictOf(stdout: string): readonly string[] {
  const lines = stdout.trimEnd().split("\n");
  return [...lines.filter((line) => /^\(fail\)|FAILED|^failed:/.test(line)), lines.at(-1) ?? ""];
}

fresh(
  "build/check.sh: root in a closed home; then without a network a user with a space in the home and umask 077",
  async () => {
    await using machine = await freshDebian();
    await machine.run("chmod 700 /root");
    await cloneInto(machine, `${ROOT_HOME}/nodupe`, "root");
    const root = await machine.run("cd nodupe && ./build/check.sh");
    expect([root.exitCode, verdictOf(root.stdout)]).toEqual([
      0,
      [expect.stringMatching(/^\d+ passed, 0 failed, \d+ skipped$/)],
    ]);
    await addUser(machine, "ada");
    const home = "/home/ada of the office";
    await machine.run(`mv ${ROOT_HOME}/nodupe '${home}/a checkout' && chown -R ada: '${home}'`);
    const user = await machine.run("cd 'a checkout' && ./build/check.sh", {
      user: "ada",
      umask: "077",
      network: false,
    });
    expect([user.exitCode, verdictOf(user.stdout)]).toEqual([
      0,
      [expect.stringMatching(/^\d+ passed, 0 failed, \d+ skipped$/)],
    ]);
  },
  TIMEOUT_MS,
);
