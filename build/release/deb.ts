// A Debian package: an ar archive of two tar archives (deb(5)). Built without dpkg; depends only on its contents.
// The maintainer is package.json's author: Debian requires an address, and this one accepts no mail (RFC 2606), as
// SECURITY.md explains.
import { author } from "../../package.json" with { type: "json" };
import { paperPlace } from "../../src/upgrade/papers.ts";
import { type ServicePlan, systemdUnits } from "../../src/render/service-unit.ts";
import { ar } from "./ar.ts";
import { gzip, xz } from "./archive.ts";
import { textEntry } from "./papers.ts";
import { type Entry, tar, withFolders } from "./tar.ts";

const DOC = "usr/share/doc/nodupe";
const SYSTEMD = "usr/lib/systemd/system";

export interface DebContents {
  readonly version: string;
  /** arm64, amd64. */
  readonly architecture: string;
  readonly timeS: number;
  readonly program: Uint8Array;
  /** The same as in an archive: man pages, completions, README.md, LICENSE, CHANGELOG.md. */
  readonly papers: readonly Entry[];
  /** The licences of everything in the program. */
  readonly thirdParties: string;
  readonly xzLevel: number;
  /** For temporary files. */
  readonly folder: string;
}

/** Services that need no folder or file as argument; sync and ingest are set up by `nodupe service install`. */
const READY_SERVICES = ["time", "serve"] as const;

function unitsOf(): readonly { readonly name: string; readonly text: string }[] {
  return READY_SERVICES.flatMap((service) => {
    const plan: ServicePlan = {
      service,
      scope: "system",
      program: "/usr/bin/nodupe",
      args: [],
      runAs: { type: "dynamic" },
      reads: [],
      groups: [],
      secrets: { "api-key": null, shared: null },
    };
    return systemdUnits(plan);
  });
}

/** 1.0.0-rc.1 comes before 1.0.0: for dpkg that takes a tilde. */
function debVersion(version: string): string {
  return version.replace("-", "~");
}

/** The package's file name. */
export function debName(version: string, architecture: string): string {
  return `nodupe_${debVersion(version)}_${architecture}.deb`;
}

/** A text that policy requires at gzip's best compression, without name or time. */
function gzipped(name: string, text: string | Uint8Array): Entry {
  return { name: `${name}.gz`, content: gzip(Buffer.from(text), 9), executable: false };
}

/** The place of a document below usr/share according to Debian's rules. */
function paperEntry({ name, content }: Entry): Entry | null {
  const place = paperPlace(name);
  if (place === null) return null;
  if (place.startsWith("man/")) return gzipped(`usr/share/${place}`, content);
  // zsh completions from packages are kept apart from those installed by hand.
  const debian = place.replace("zsh/site-functions/", "zsh/vendor-completions/");
  return { name: `usr/share/${debian}`, content, executable: false };
}

function changelog(version: string, timeS: number): string {
  const date = new Date(timeS * 1_000).toUTCString().replace("GMT", "+0000");
  return `nodupe (${debVersion(version)}) stable; urgency=medium\n\n  * Release ${version}; CHANGELOG.md.gz beside this file says what changed.\n\n -- ${author}  ${date}\n`;
}

function copyright(licence: string): string {
  return `nodupe is under the MIT licence; what is built into the program, and under which licences, says
THIRD-PARTY-LICENCES.txt.gz beside this file.

${licence}`;
}

/** lintian tags that a program with an embedded runtime cannot avoid, each with the reason. */
const LINTIAN = `# The program stands behind its runtime in one ELF file: stripped, it is the bare runtime.
nodupe: unstripped-binary-or-object [usr/bin/nodupe]
# Bun links its libraries into its runtime; the bill of materials names them with their versions.
nodupe: embedded-library * [usr/bin/nodupe]
`;

function dataEntries(contents: DebContents): readonly Entry[] {
  const { version, timeS, program, papers, thirdParties } = contents;
  const text = (name: string): string => {
    const paper = papers.find((entry) => entry.name === name);
    if (paper === undefined) throw new Error(`Cannot make a package: there is no ${name}`);
    return Buffer.from(paper.content).toString("utf8");
  };
  return [
    { name: "usr/bin/nodupe", content: program, executable: true },
    ...unitsOf().map((unit) => textEntry(`${SYSTEMD}/${unit.name}`, unit.text)),
    ...papers.flatMap((paper) => paperEntry(paper) ?? []),
    textEntry(`${DOC}/copyright`, copyright(text("LICENSE"))),
    gzipped(`${DOC}/changelog`, changelog(version, timeS)),
    gzipped(`${DOC}/CHANGELOG.md`, text("CHANGELOG.md")),
    textEntry(`${DOC}/README.md`, text("README.md")),
    gzipped(`${DOC}/THIRD-PARTY-LICENCES.txt`, thirdParties),
    textEntry("usr/share/lintian/overrides/nodupe", LINTIAN),
  ];
}

/** Maintainer scripts; they do nothing if systemd does not run the services (in a container or chroot). */
function scripts(): Readonly<Record<string, string>> {
  const units = unitsOf()
    .map(({ name }) => name)
    .join(" ");
  const inSystemd = "if [ -d /run/systemd/system ]; then";
  return {
    postinst: `#!/bin/sh
set -e
if [ "$1" = configure ]; then
  ${inSystemd}
    systemctl --system daemon-reload >/dev/null || true
    # Those that run go on with the new program; none is started that did not.
    if [ -n "$2" ]; then deb-systemd-invoke try-restart ${units} >/dev/null || true; fi
  fi
fi
`,
    prerm: `#!/bin/sh
set -e
if [ "$1" = remove ]; then
  ${inSystemd}
    deb-systemd-invoke stop ${units} >/dev/null || true
    systemctl --system --quiet disable ${units} >/dev/null 2>&1 || true
  fi
fi
`,
    // Nobody's store or settings are removed, not even by purge: /var/lib/nodupe, /etc/nodupe, and files in homes.
    postrm: `#!/bin/sh
set -e
if [ "$1" = remove ]; then
  ${inSystemd}
    systemctl --system daemon-reload >/dev/null || true
  fi
fi
`,
  };
}

function control({ version, architecture }: DebContents, installedBytes: number): string {
  return `Package: nodupe
Version: ${debVersion(version)}
Architecture: ${architecture}
Maintainer: ${author}
Installed-Size: ${Math.ceil(installedBytes / 1024)}
Depends: libc6 (>= 2.17)
Recommends: ca-certificates
Section: utils
Priority: optional
Description: uploads CVs once, tells the right time, compares storage nodes
 One program for small machines, run from shell scripts. It uploads a folder
 tree of CVs to the Tanova API, each content exactly once; it gets the right
 time from many servers at once, even if some of them lie; and it reads the
 logs of storage nodes and tells which node is better, by how much, and
 whether the difference is real.
 .
 No service is started by installing it: see nodupe-time.service,
 nodupe-serve.service and "nodupe service install".
`;
}

/** Builds the package; the same contents give the same bytes. */
export async function debPackage(contents: DebContents): Promise<Uint8Array> {
  const { timeS, folder, xzLevel } = contents;
  const data = dataEntries(contents);
  const sums = data.map(({ name, content }) => {
    const digest = new Bun.CryptoHasher("md5").update(content).digest("hex");
    return `${digest}  ${name}\n`;
  });
  const bytes = data.reduce((total, { content }) => total + content.length, 0);
  const parts: readonly Entry[] = [
    textEntry("control", control(contents, bytes)),
    textEntry("md5sums", sums.join("")),
    ...Object.entries(scripts()).map(([name, text]) => ({ ...textEntry(name, text), executable: true })),
  ];
  const packed = (entries: readonly Entry[]): Promise<Uint8Array> => {
    const below = [
      { name: "./" },
      ...withFolders(entries).map(({ name, ...rest }) => ({ ...rest, name: `./${name}` })),
    ];
    const whole = below.map((entry) => ({ content: new Uint8Array(), executable: false, ...entry }));
    return xz(tar(whole, timeS), folder, xzLevel);
  };
  return ar(
    [
      { name: "debian-binary", content: Buffer.from("2.0\n") },
      { name: "control.tar.xz", content: await packed(parts) },
      { name: "data.tar.xz", content: await packed(data) },
    ],
    timeS,
  );
}
