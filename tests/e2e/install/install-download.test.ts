// install.sh on its way: servers that send it elsewhere, a script that is cut off, signals in the middle.
import { expect } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { hostTarget } from "../../../build/release/targets.ts";
import { certified } from "../../support/net/authority.ts";
import { needs, programPath } from "../../support/programs.ts";
import { makeKey, makeRelease, serveFolder, smallProgram } from "../../support/install/release-server.ts";
import { cleanEnvironment, runCommand } from "../../support/run.ts";
import { tempFolder } from "../../support/temp.ts";
import { toolPath } from "../../support/install/tool-path.ts";
import { until } from "../../support/until.ts";

const SHELLS: readonly (readonly [string, ...string[]])[] = [["dash"], ["busybox", "ash"]];
const SCRIPT = join(import.meta.dir, "../../../install.sh");

for (const shell of SHELLS) {
  const named = shell.join(" ");

  needs(
    shell[0],
    "curl",
    "wget",
    "xz",
    "openssl",
  )(`${named}: a redirection from https to plain http is refused, one to https is followed`, async () => {
    using folder = tempFolder();
    const { ca, cert, key } = await certified(folder);
    writeFileSync(folder.file("ca.pem"), ca);
    writeFileSync(folder.file("wgetrc"), `ca_certificate = ${folder.file("ca.pem")}\n`);
    await makeRelease({ folder: folder.file("release"), version: "1.2.3" });
    await using plain = await serveFolder(folder.file("release"));
    let to = plain.url;
    const server = createTlsServer({ cert, key }, (request, response) => {
      const path = request.url ?? "/";
      if (!path.startsWith("/there/")) response.writeHead(302, { location: `${to}${path}` }).end();
      else response.end(readFileSync(folder.file("release", path.slice("/there/".length))));
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    using _server = {
      [Symbol.dispose]: () => {
        server.closeAllConnections();
        server.close();
      },
    };
    const secure = `https://localhost:${(server.address() as AddressInfo).port}`;
    const place = folder.file("place");
    for (const downloader of ["curl", "wget"]) {
      const PATH = toolPath(folder.file(`tools-${downloader}`), downloader, "xz", shell[0]);
      const env = { PATH, CURL_CA_BUNDLE: folder.file("ca.pem"), WGETRC: folder.file("wgetrc") };
      const command = [...shell, SCRIPT, "--prefix", place, "--from", secure];
      to = plain.url;
      plain.requests.length = 0;
      const refused = await runCommand(command, { env });
      expect(refused.exitCode).toBeGreaterThan(0);
      expect(refused.stderr).toMatch(/redirected to plain http|protocol "?http"? (not supported|disabled)/i);
      expect(existsSync(place)).toBe(false);
      to = `${secure}/there`;
      const followed = await runCommand(command, { env });
      expect(followed.stderr).toContain(`installed nodupe 1.2.3 to ${place}/bin/nodupe`);
      await runCommand(["rm", "-r", place]);
    }
  });

  needs(
    shell[0],
    "busybox",
    "xz",
  )(`${named}: busybox's wget will do`, async () => {
    using folder = tempFolder();
    await makeRelease({ folder: folder.file("release"), version: "1.2.3" });
    await using server = await serveFolder(folder.file("release"));
    const PATH = toolPath(folder.file("tools"), "xz", shell[0]);
    symlinkSync(programPath("busybox"), join(PATH, "wget"));
    const place = folder.file("place");
    const command = [...shell, SCRIPT, "--prefix", place, "--from"];
    const absent = await runCommand([...command, `${server.url}/none`], { env: { PATH } });
    expect(absent.exitCode).toBe(4);
    expect(absent.stderr).toContain("SHA256SUMS is not there; is the base URL right?");
    const run = await runCommand([...command, server.url], { env: { PATH } });
    expect(run.stderr).toContain(`installed nodupe 1.2.3 to ${place}/bin/nodupe`);
    expect(run.exitCode).toBe(0);
  });

  needs(
    shell[0],
    "curl",
    "xz",
  )(`${named}: piped in and cut off anywhere, the script does nothing`, async () => {
    using folder = tempFolder();
    await makeRelease({ folder: folder.file("release"), version: "1.2.3" });
    await using server = await serveFolder(folder.file("release"));
    const lines = readFileSync(SCRIPT, "utf8").split("\n");
    const brace = lines.indexOf("{");
    expect(brace).toBeGreaterThan(0);
    const place = folder.file("place");
    for (let count = brace + 1; count < lines.length - 1; count += 9) {
      const stdin = `${lines.slice(0, count).join("\n")}\n`;
      const args = ["-s", "--", "--from", server.url, "--prefix", place];
      const run = await runCommand([...shell, ...args], { stdin });
      expect([count, run.exitCode === 0, existsSync(place)]).toEqual([count, false, false]);
    }
    expect(server.requests).toEqual([]);
  });

  needs(
    shell[0],
    "curl",
    "xz",
  )(`${named}: where nothing is installed, no folder is left behind`, async () => {
    using folder = tempFolder();
    await makeRelease({ folder: folder.file("release"), version: "1.2.3" });
    await using server = await serveFolder(folder.file("release"));
    mkdirSync(folder.file("a place"));
    const prefix = folder.file("a place", "of my", "own");
    const command = [...shell, SCRIPT, "--from", server.url, "--prefix", prefix];
    expect((await runCommand([...command, "--version", "9.9.9"])).exitCode).toBe(1);
    expect(readdirSync(folder.file("a place"))).toEqual([]);
    expect((await runCommand(command)).exitCode).toBe(0);
    expect(readdirSync(join(prefix, "bin"))).toEqual(["nodupe"]);
  });

  for (const [signal, exitCode] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const) {
    needs(
      shell[0],
      "curl",
      "xz",
      "setsid",
    )(`${named}: ${signal} in the middle of a download: ${exitCode}, nothing changed`, async () => {
      using folder = tempFolder();
      const key = makeKey(folder.file("key.pem"));
      const program = smallProgram("1.2.3", 100_000);
      await makeRelease({ folder: folder.file("release"), version: "1.2.3", key, program });
      const archive = `/nodupe-1.2.3-${hostTarget()}.tar`;
      let asked = false;
      // Begins to send the archive, and never goes on.
      const server = createServer((request, response) => {
        const content = readFileSync(folder.file("release", request.url ?? ""));
        response.writeHead(200, { "content-length": content.length });
        if (request.url?.startsWith(archive) !== true) response.end(content);
        else response.write(content.subarray(0, 1_000), () => (asked = true));
      });
      await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const bin = folder.file("place/bin");
      mkdirSync(bin, { recursive: true });
      writeFileSync(join(bin, "nodupe"), "old");
      // A session of its own, so that the signal goes to all of it, as a terminal's does.
      const script = folder.file("release/install.sh");
      const command = ["setsid", ...shell, script, "--from", url, "--prefix", folder.file("place")];
      const child = Bun.spawn(command, { env: cleanEnvironment(), stdout: "ignore", stderr: "ignore" });
      await until(() => asked, "the archive is asked for");
      process.kill(-child.pid, signal);
      expect(await child.exited).toBe(exitCode);
      expect(readdirSync(bin)).toEqual(["nodupe"]);
      expect(readFileSync(join(bin, "nodupe"), "utf8")).toBe("old");
      server.closeAllConnections();
      server.close();
    });
  }
}
