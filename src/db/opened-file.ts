import { statSync } from "node:fs";

function identityOf(path: string): string | null {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return null;
  }
}

/**
 * Remembers a store's file, which has just been opened. The result tells whether the path still leads to it: SQLite
 * goes on with a file that has been removed or replaced, and nobody sees what it writes. A store in memory stays.
 */
export function openedFile(path: string): () => boolean {
  if (path === ":memory:") return () => true;
  const opened = identityOf(path);
  return () => identityOf(path) === opened;
}
