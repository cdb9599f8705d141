import { writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { startSandbox } from "../../../src/upload/sandbox/server.ts";
import { certified } from "../net/authority.ts";
import { tempFolder } from "../temp.ts";
import { writeCvs } from "./cvs.ts";
import { resultOf, sync } from "./sync.ts";

export interface NarrowOutcome {
  readonly files: number;
  readonly uploaded: number;
  readonly retries: number;
  /** The server got exactly these contents, each once. */
  readonly isEachOnce: boolean;
}

/** Below, around and above the sizes at which a request is sent in another way. */
const SIZES: readonly [files: number, minBytes: number, maxBytes: number][] = [
  [20, 1, 14_000],
  [30, 15_000, 18_000],
  [20, 18_000, 60_000],
  [6, 255_000, 263_000],
  [2, 1_040_000, 1_060_000],
];

/** Uploads over connections that take only some KB at once, whatever the size of a write. */
async function uploadNarrowly(secure: boolean, args: readonly string[]): Promise<NarrowOutcome> {
  using folder = tempFolder();
  using home = tempFolder();
  using cvs = tempFolder();
  const tls = secure ? await certified(folder) : null;
  using sandbox = await startSandbox({
    batch: true,
    refusesDuplicates: false,
    ...(tls === null ? {} : { tls }),
  });
  const trees = SIZES.map(([files, minBytes, maxBytes], at) =>
    writeCvs(cvs.file(`${at}`), { files, minBytes, maxBytes, seed: at + 1 }),
  );
  const checksums = trees.flatMap(({ contents }) => [...contents.keys()]);
  if (tls !== null) writeFileSync(folder.file("ca.pem"), tls.ca);
  const trust = tls === null ? [] : ["--ca-file", folder.file("ca.pem")];
  const { uploaded, retries } = resultOf(await sync({ home, sandbox }, [...args, ...trust, cvs.path]));
  const isEachOnce = isDeepStrictEqual(sandbox.stored(), new Map(checksums.map((checksum) => [checksum, 1])));
  return { files: checksums.length, uploaded, retries, isEachOnce };
}

// `unshare -n bun tests/support/upload/narrow-network.ts`: in its own network namespace, whose buffers are small.
if (import.meta.main) {
  Bun.spawnSync(["ip", "link", "set", "lo", "up"]);
  for (const name of ["tcp_rmem", "tcp_wmem"]) writeFileSync(`/proc/sys/net/ipv4/${name}`, "4608 4608 4608");
  const outcomes = [];
  for (const secure of [false, true])
    for (const args of [[], ["--bulk"]]) outcomes.push(await uploadNarrowly(secure, args));
  await Bun.write(Bun.stdout, `${JSON.stringify(outcomes)}\n`);
}
