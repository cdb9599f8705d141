import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { upgradeOptions } from "../upgrade/options.ts";
import { Failure, messageOf } from "../lib/errors.ts";
import { RELEASE_KEY, RELEASE_URL, TARGET } from "../lib/release.ts";
import { VERSION } from "../lib/version.ts";
import type { Installed, Offer } from "../upgrade/upgrade.ts";
import { command, type ExitCode } from "./command-line/command.ts";
import { endingOf } from "./command-line/exit-code.ts";
import type { Terminal } from "./terminal/terminal.ts";

/** The keys of `--json`; null if not known. */
interface Outcome {
  readonly current: string;
  readonly latest: string | null;
  readonly available: boolean | null;
  readonly upgraded: boolean;
  readonly signature: Offer["signature"] | null;
  readonly target: string;
  readonly path: string;
  readonly url: string;
  readonly elapsed_s: number;
  readonly error: { readonly kind: string; readonly reason: string } | null;
}

/** Whether the program was installed by a package: only packages install this file (build/release/deb.ts). */
function isOfPackage(program: string): boolean {
  return existsSync(join(dirname(program), "../share/doc/nodupe/copyright"));
}

function installed(): Installed {
  if (TARGET === null) {
    throw new Failure(
      "usage",
      "nodupe runs from its source here; upgrade it with git pull, or install a release",
    );
  }
  const path = realpathSync(process.execPath);
  if (isOfPackage(path)) {
    throw new Failure(
      "usage",
      `${path} belongs to the Debian package nodupe; upgrade that: apt install ./nodupe_VERSION_ARCHITECTURE.deb`,
    );
  }
  return { version: VERSION, target: TARGET, publicKey: RELEASE_KEY, path };
}

async function tell(terminal: Terminal, outcome: Outcome): Promise<void> {
  if (terminal.json) return terminal.resultJson(outcome);
  if (outcome.upgraded) return terminal.result(`upgraded nodupe ${outcome.current} to ${outcome.latest}`);
  return terminal.result(
    outcome.available === true
      ? `nodupe ${outcome.latest} is available; this is ${outcome.current}`
      : `nodupe ${outcome.current} is up to date`,
  );
}

/** How long the server may send nothing. */
const SILENCE_MS = 30_000;
/** Larger downloads are refused. */
const MAX_BYTES = 512 * 1024 ** 2;

export const upgrade = command({
  name: "upgrade",
  purpose: "Replaces nodupe with the newest release.",
  usage: "",
  positionals: { min: 0, max: 0 },
  options: { upgrade: upgradeOptions },
  details:
    "Man pages and completions come with it where it lies in PREFIX/bin beside PREFIX/share. A pre-release is never taken (install.sh --version names one). The release's list of checksums is verified by the key that this nodupe holds, the archive by its checksum, and the new program has to run here before it takes this one's place, in one step. If anything fails, the installed nodupe stays.",
  examples: [
    ["nodupe upgrade --from https://example.org/nodupe", "upgrade from there"],
    ["nodupe upgrade --check --json", "for a script: is there a newer one?"],
  ],
  result: () => import("../render/results/program.ts").then((module) => module.upgradeResult),
  exitCodes: {
    0: "upgraded, or up to date",
    1: "wrong checksum or signature, or it cannot be put in place",
    2: "no address to upgrade from, a wrong one, or a nodupe that a Debian package has installed",
    3: "with --check: there is a newer version",
    4: "the release cannot be reached",
    5: "not permitted to replace the program",
  },
  run: async ({ options, terminal, signal }): Promise<ExitCode> => {
    const started = performance.now();
    const { check, from } = options.upgrade;
    const address = from ?? RELEASE_URL;
    if (address === null) {
      throw new Failure(
        "usage",
        "there is no address to upgrade from: give one with --from URL, NODUPE_BASE_URL, or [upgrade] from in the config file",
      );
    }
    const [{ parseSource }, { look, take }] = await Promise.all([
      import("../upgrade/source.ts"),
      import("../upgrade/upgrade.ts"),
    ]);
    const source = parseSource(address);
    const self = installed();
    const limits = { signal, silenceMs: SILENCE_MS, maxBytes: MAX_BYTES };
    let offer: Offer | null = null;
    const outcome = (upgraded: boolean, error: Outcome["error"]): Outcome => ({
      current: VERSION,
      latest: offer?.candidate.version ?? null,
      available: offer?.isNewer ?? null,
      upgraded,
      signature: offer?.signature ?? null,
      target: self.target,
      path: self.path,
      url: source.href,
      elapsed_s: (performance.now() - started) / 1_000,
      error,
    });
    try {
      offer = await look(source, self, limits);
      if (offer.signature === "unchecked") {
        terminal.warn("this build holds no release key: checksums are verified, who made the release is not");
      }
      const wanted = offer.isNewer && !check;
      if (wanted) {
        terminal.info(`downloading ${offer.candidate.name}`);
        // New files are readable by everybody who can enter the folder.
        process.umask(0o022);
        for (const path of await take(offer, source, self, limits))
          terminal.warn(`${path} could not be written; nodupe works without it`);
      }
      await tell(terminal, outcome(wanted, null));
      return check && offer.isNewer ? 3 : 0;
    } catch (error) {
      if (!terminal.json || terminal.hasResult) throw error;
      const { code, kind, lines } = endingOf(error);
      const reason = signal.aborted ? messageOf(signal.reason) : lines.join("; ");
      terminal.error(reason);
      await terminal.resultJson(outcome(false, { kind, reason }));
      return code;
    }
  },
});
