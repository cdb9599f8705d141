import { expect } from "bun:test";
import { needsRoot } from "../../support/programs.ts";
import type { NarrowOutcome } from "../../support/upload/narrow-network.ts";

needsRoot("unshare", "ip", "openssl")(
  "over connections that take a few KB at once, each content arrives as it is, once",
  async () => {
    const player = `${import.meta.dir}/../../support/upload/narrow-network.ts`;
    const child = Bun.spawn(["unshare", "-n", process.execPath, player], {
      stdout: "pipe",
      stderr: "inherit",
    });
    const outcomes = JSON.parse(await new Response(child.stdout).text()) as NarrowOutcome[];
    const all = { files: 78, uploaded: 78, retries: 0, isEachOnce: true };
    expect(outcomes).toEqual([all, all, all, all]);
  },
  60_000,
);
