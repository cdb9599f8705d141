import { chmodSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** The files of a release other than the program, by their place below PREFIX/share. */
export type Papers = ReadonlyMap<string, Uint8Array>;

/**
 * Where a file of a release other than the program belongs, below PREFIX/share; null for unknown files. install.sh
 * has the same table (place_of).
 *
 * @param member its name in the archive: `man/nodupe-sync.1`, `completions/_nodupe`.
 */
export function paperPlace(member: string): string | null {
  const page = /^man\/(nodupe(?:-[a-z]+)*\.1)$/.exec(member)?.[1];
  if (page !== undefined) return `man/man1/${page}`;
  switch (member) {
    case "completions/nodupe.bash":
      return "bash-completion/completions/nodupe";
    case "completions/_nodupe":
      return "zsh/site-functions/_nodupe";
    case "completions/nodupe.fish":
      return "fish/vendor_completions.d/nodupe.fish";
    default:
      return null;
  }
}

/**
 * PREFIX/share for a program in PREFIX/bin; null if there is no such folder, as for a program copied somewhere else.
 */
function shareOf(program: string): string | null {
  const folder = dirname(program);
  const share = join(folder, "../share");
  if (basename(folder) !== "bin") return null;
  return statSync(share, { throwIfNoEntry: false })?.isDirectory() === true ? share : null;
}

function placeFile(path: string, content: Uint8Array): void {
  const draft = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  writeFileSync(draft, content, { flag: "wx" });
  try {
    chmodSync(draft, 0o644);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/**
 * Installs these files beside a program, each one atomically.
 *
 * @returns the places that could not be written: the program works without them.
 */
export function placePapers(program: string, papers: Papers): readonly string[] {
  const share = shareOf(program);
  if (share === null) return [];
  return [...papers].flatMap(([place, content]) => {
    const path = join(share, place);
    try {
      mkdirSync(dirname(path), { recursive: true });
      placeFile(path, content);
      return [];
    } catch {
      return [path];
    }
  });
}
