import { writeFileSync } from "node:fs";

/** The earlier client's history: one JSON array of checksums, rewritten for each entry. */
export class JsonHistory {
  readonly #path: string;
  readonly #checksums: string[];

  constructor(path: string, checksums: readonly string[]) {
    this.#path = path;
    this.#checksums = [...checksums];
  }

  add(checksum: string): void {
    this.#checksums.push(checksum);
    writeFileSync(this.#path, JSON.stringify(this.#checksums));
  }
}
