// The README's first command on a freshly installed Debian (support/install/fresh-debian.ts).
import { expect } from "bun:test";
import { statSync } from "node:fs";
import { VERSION } from "../../src/lib/version.ts";
import {
  addUser,
  cloneInto,
  freshDebian,
  needsFreshDebian,
  ROOT_HOME,
} from "../support/install/fresh-debian.ts";

const fresh = await needsFreshDebian();
const COMMAND = "./install.sh && ~/.local/bin/nodupe sync --bulk --sandbox examples/cvs";
const TIMEOUT_MS = 600_000;

fresh(
  "the first command: root in a closed home; then without a network a user with a space in the home, umask 077, sudo",
  async () => {
    await using machine = await freshDebian();
    await machine.run("chmod 700 /root");
    await cloneInto(machine, `${ROOT_HOME}/nodupe`, "root");
    const root = await machine.run(`cd nodupe && ${COMMAND}`);
    expect(root.stderr).toContain(`installed nodupe ${VERSION} to /root/.local/bin/nodupe\n`);
    expect([root.exitCode, root.stdout]).toEqual([0, expect.stringContaining("8 uploaded")]);

    await addUser(machine, "ada");
    const home = "/home/ada of the office";
    await machine.run(`mv ${ROOT_HOME}/nodupe '${home}/a checkout' && chown -R ada: '${home}'`);
    const ada = { user: "ada", umask: "077", network: false };
    const user = await machine.run(`cd 'a checkout' && ${COMMAND}`, ada);
    expect(user.stderr).not.toContain("bringing");
    expect(user.stderr).toContain(`installed nodupe ${VERSION} to ${home}/.local/bin/nodupe\n`);
    expect([user.exitCode, user.stdout]).toEqual([0, expect.stringContaining("8 uploaded")]);

    const sudo = await machine.run("cd 'a checkout' && sudo ./install.sh --prefix /usr/local", ada);
    expect([sudo.exitCode, sudo.stderr]).toEqual([0, expect.stringContaining("to /usr/local/bin/nodupe\n")]);
    // The build made for root still belongs to the checkout's owner, and the installed files are readable by all.
    const foreign = await machine.run(`find '${home}' ! -user ada`);
    expect(foreign.stdout).toBe("");
    for (const [file, mode] of [
      ["bin/nodupe", 0o755],
      ["share/man/man1/nodupe.1", 0o644],
      ["share/bash-completion/completions/nodupe", 0o644],
    ] as const) {
      const { uid, mode: found } = statSync(machine.path(`/usr/local/${file}`));
      expect([file, uid, found & 0o777]).toEqual([file, 0, mode]);
    }
    const cron = await machine.run("PATH=/usr/bin:/bin; /usr/local/bin/nodupe --version", { user: "daemon" });
    expect(cron).toEqual({ exitCode: 0, stdout: `${VERSION}\n`, stderr: "" });
  },
  TIMEOUT_MS,
);

fresh(
  "without Node the first command says in one line what to install",
  async () => {
    await using machine = await freshDebian();
    await cloneInto(machine, `${ROOT_HOME}/nodupe`, "root");
    await machine.run("rm /usr/bin/node /usr/bin/nodejs /usr/bin/npm");
    const run = await machine.run(`cd nodupe && ${COMMAND}`);
    expect(run).toEqual({
      exitCode: 1,
      stdout: "",
      stderr:
        "install.sh: Node 18 or newer and npm are needed to build nodupe (Debian: apt install nodejs npm), or download a release with --from URL; nothing was changed\n",
    });
  },
  TIMEOUT_MS,
);

fresh("on musl without libstdc++ the cure comes before the download", async () => {
  await using machine = await freshDebian();
  // A system of only busybox, statically linked, and musl's loader.
  const made =
    await machine.run(`mkdir -p /musl/bin /musl/lib /musl/dev /musl/tmp && cd /musl && mknod -m 666 dev/null c 1 3 &&
    cp /usr/lib/busybox-static bin/busybox && chroot . /bin/busybox --install -s /bin && : >lib/ld-musl-$(uname -m).so.1`);
  expect(made.stderr).toBe("");
  await Bun.write(machine.path("/musl/install.sh"), Bun.file(`${import.meta.dir}/../../install.sh`));
  const install = "HOME=/tmp chroot /musl /bin/sh /install.sh --from http://127.0.0.1:9";
  const without = await machine.run(install);
  expect(without).toEqual({
    exitCode: 1,
    stdout: "",
    stderr:
      "install.sh: nodupe needs libstdc++, which this system lacks; install it with: apk add libstdc++ (nothing was changed)\n",
  });
  await machine.run("mkdir -p /musl/usr/lib && : >/musl/usr/lib/libstdc++.so.6");
  const having = await machine.run(install);
  expect([having.exitCode, having.stderr]).toEqual([4, expect.stringContaining("could not be downloaded")]);
});
