import { expect } from "bun:test";
import { debName, debPackage } from "../../build/release/deb.ts";
import { textEntry } from "../../build/release/papers.ts";
import { needs } from "../support/programs.ts";
import { runCommand } from "../support/run.ts";
import { tempFolder } from "../support/temp.ts";

const PAPERS = (
  "LICENSE README.md CHANGELOG.md man/nodupe.1 man/nodupe-sync.1 sbom.cdx.json " +
  "completions/nodupe.bash completions/_nodupe completions/nodupe.fish"
)
  .split(" ")
  .map((name) => textEntry(name, `${name}\n`));

/** A package with a program of a few bytes, in a file. */
async function packageIn(folder: string, version: string): Promise<string> {
  const path = `${folder}/${debName(version, "arm64")}`;
  const bytes = await debPackage({
    version,
    architecture: "arm64",
    timeS: 1_700_000_000,
    program: Buffer.from("#!/bin/sh\n"),
    papers: PAPERS,
    thirdParties: "licences\n",
    xzLevel: 0,
    folder,
  });
  await Bun.write(path, bytes);
  return path;
}

needs("xz", "dpkg-deb")(
  "dpkg reads the package: every file in Debian's place, root's, and sane modes",
  async () => {
    using folder = tempFolder();
    const path = await packageIn(folder.path, "1.2.3");
    expect(path).toEndWith("/nodupe_1.2.3_arm64.deb");
    const listed = await runCommand(["dpkg-deb", "--contents", path], { env: { TZ: "UTC" } });
    const lines = listed.stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split(/ +/));
    expect(new Set(lines.map(([mode, owner]) => `${mode} ${owner}`))).toEqual(
      new Set(["drwxr-xr-x 0/0", "-rw-r--r-- 0/0", "-rwxr-xr-x 0/0"]),
    );
    const files = lines.flatMap(([mode, , , , , name]) =>
      mode?.startsWith("-") === true ? [name ?? ""] : [],
    );
    expect(files.toSorted()).toEqual([
      "./usr/bin/nodupe",
      "./usr/lib/systemd/system/nodupe-serve.service",
      "./usr/lib/systemd/system/nodupe-time-boot.service",
      "./usr/lib/systemd/system/nodupe-time.service",
      "./usr/share/bash-completion/completions/nodupe",
      "./usr/share/doc/nodupe/CHANGELOG.md.gz",
      "./usr/share/doc/nodupe/README.md",
      "./usr/share/doc/nodupe/THIRD-PARTY-LICENCES.txt.gz",
      "./usr/share/doc/nodupe/changelog.gz",
      "./usr/share/doc/nodupe/copyright",
      "./usr/share/fish/vendor_completions.d/nodupe.fish",
      "./usr/share/lintian/overrides/nodupe",
      "./usr/share/man/man1/nodupe-sync.1.gz",
      "./usr/share/man/man1/nodupe.1.gz",
      "./usr/share/zsh/vendor-completions/_nodupe",
    ]);
    const field = await runCommand(["dpkg-deb", "--field", path, "Package", "Architecture", "Depends"]);
    expect(field.stdout).toBe("Package: nodupe\nArchitecture: arm64\nDepends: libc6 (>= 2.17)\n");
  },
);

needs("xz", "dpkg")("dpkg also considers a pre-release older than its release", async () => {
  using folder = tempFolder();
  const path = await packageIn(folder.path, "1.2.3-rc.1");
  const version = (await runCommand(["dpkg-deb", "--field", path, "Version"])).stdout.trim();
  expect((await runCommand(["dpkg", "--compare-versions", version, "lt", "1.2.3"])).exitCode).toBe(0);
  expect((await runCommand(["dpkg", "--compare-versions", version, "gt", "1.2.2"])).exitCode).toBe(0);
});

needs("xz")("the same contents give the same bytes", async () => {
  using folder = tempFolder();
  const [first, second] = [folder.file("a"), folder.file("b")];
  for (const part of [first, second]) await runCommand(["mkdir", part]);
  const bytes = async (part: string): Promise<Uint8Array> => Bun.file(await packageIn(part, "1.2.3")).bytes();
  expect(Buffer.from(await bytes(first)).equals(await bytes(second))).toBe(true);
});
