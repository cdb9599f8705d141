import { openStore } from "../../db/open.ts";
import { escapeText } from "../../lib/format/escape.ts";
import type { Candidates } from "../../render/command-tree.ts";
import { storeOptions } from "../../db/options.ts";

/** As many as a shell can show and a person can choose from. */
const MOST = 200;

/**
 * The store named on an incomplete command line, the last one if there are several. bash splits `--db=FILE` into three
 * words.
 */
function storeOnLine(words: readonly string[]): string | null {
  const values = words.flatMap((word, at) => {
    if (word.startsWith("--db=") && word.length > 5) return [word.slice(5)];
    if (word !== "--db" && word !== "--db=") return [];
    const next = words[at + 1];
    return [next === "=" ? words[at + 2] : next];
  });
  const told = values.at(-1);
  return told === undefined ? null : storeOptions.db.kind.parse(told);
}

/**
 * The names in the store that begin with what was typed, for a completion script. Without a store there are no names;
 * none is created. Names that a terminal would not show unchanged are left out.
 *
 * @param words the command line so far.
 */
export async function candidatesOf(
  kind: Candidates,
  typed: string,
  asked: { readonly words: readonly string[]; readonly storePath: string },
): Promise<readonly string[]> {
  const path = storeOnLine(asked.words) ?? asked.storePath;
  using store = openStore({ path, readonly: true, busyTimeoutMs: 0 });
  if (kind === "checksums") {
    const { checksumCandidates } = await import("../../upload/ledger/history.ts");
    const prefix = typed.toLowerCase();
    return /^[0-9a-f]{0,64}$/.test(prefix) ? checksumCandidates(store.db, prefix, MOST) : [];
  }
  const { nodeNames } = await import("../../nodes/manage/list-nodes.ts");
  const names = nodeNames(store.db).filter((name) => name.startsWith(typed) && escapeText(name) === name);
  return names.slice(0, MOST);
}
