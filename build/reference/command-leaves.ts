import { ROOT } from "../../src/cli/command-line/commands.ts";
import type { CommandEntry, Leaf } from "../../src/cli/command-line/command.ts";
import { isLeaf } from "../../src/cli/command-line/find-command.ts";

/** Every command that can be called, in the order of the help. */
export async function commandLeaves(entry: CommandEntry = ROOT): Promise<Leaf[]> {
  if (isLeaf(entry)) return [entry];
  const below = await Promise.all(
    Object.values(entry.subCommands).map(async (load) => commandLeaves(await load())),
  );
  return below.flat();
}
