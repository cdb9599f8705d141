// A tar archive that depends only on its contents: no user, host or clock.

export interface Entry {
  /** Relative, with `/`, at most 100 bytes; a folder's name ends in `/`. */
  readonly name: string;
  readonly content: Uint8Array;
  readonly executable: boolean;
  /** If it differs from the usual mode of a file or folder that everybody can read. */
  readonly mode?: number;
  /** The numeric user and group; 0 by default. */
  readonly owner?: number;
}

const BLOCK = 512;

/** A number in ustar form: octal digits and a NUL. */
function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, "0")}\0`;
}

function header(entry: Entry, timeS: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  if (Buffer.byteLength(entry.name) > 100)
    throw new Error(`Cannot archive ${entry.name}: its name is too long`);
  block.write(entry.name, 0);
  const isFolder = entry.name.endsWith("/");
  block.write(octal(entry.mode ?? (entry.executable || isFolder ? 0o755 : 0o644), 8), 100);
  block.write(octal(entry.owner ?? 0, 8), 108);
  block.write(octal(entry.owner ?? 0, 8), 116);
  block.write(octal(entry.content.length, 12), 124);
  block.write(octal(timeS, 12), 136);
  // The checksum is computed with its own field blank.
  block.write("        ", 148);
  block.write(isFolder ? "5" : "0", 156);
  block.write("ustar\0" + "00", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

/** Inserts every parent folder before its first entry. */
export function withFolders(entries: readonly Entry[]): Entry[] {
  const known = new Set(entries.filter(({ name }) => name.endsWith("/")).map(({ name }) => name));
  return entries.flatMap((entry) => {
    const steps = entry.name.replace(/\/$/, "").split("/").slice(0, -1);
    const folders = steps.map((_, index) => `${steps.slice(0, index + 1).join("/")}/`);
    const missing = folders.filter((name) => !known.has(name));
    for (const name of missing) known.add(name);
    return [...missing.map((name) => ({ name, content: new Uint8Array(), executable: false })), entry];
  });
}

/** One ustar archive of the entries, in the given order; owner root, a single timestamp. */
export function tar(entries: readonly Entry[], timeS: number): Uint8Array {
  const parts = entries.flatMap((entry) => {
    const padding = (BLOCK - (entry.content.length % BLOCK)) % BLOCK;
    return [header(entry, timeS), entry.content, Buffer.alloc(padding)];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}
