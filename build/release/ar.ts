/** A file of an ar archive. */
export interface ArMember {
  /** At most 15 bytes, without spaces. */
  readonly name: string;
  readonly content: Uint8Array;
}

/** An ar archive in dpkg's form (deb(5)): plain names, owner root, a single timestamp. */
export function ar(members: readonly ArMember[], timeS: number): Uint8Array {
  const parts = members.flatMap(({ name, content }) => {
    const header = [
      name.padEnd(16),
      String(timeS).padEnd(12),
      "0".padEnd(6),
      "0".padEnd(6),
      "100644".padEnd(8),
      String(content.length).padEnd(10),
      "`\n",
    ].join("");
    // Members start at even offsets.
    return [Buffer.from(header), content, Buffer.from(content.length % 2 === 0 ? "" : "\n")];
  });
  return Buffer.concat([Buffer.from("!<arch>\n"), ...parts]);
}
