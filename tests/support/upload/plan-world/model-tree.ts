import type { FoundFile } from "../../../../src/upload/scan/file-page.ts";
import { must } from "./draw.ts";

/** The files of a run: those still to be offered, and the outcome of each. */
export class ModelTree {
  readonly #toOffer: FoundFile[];
  readonly #offered = new Set<string>();
  readonly #ends = new Map<string, string>();

  constructor(files: readonly FoundFile[]) {
    this.#toOffer = [...files];
  }

  /** The next file to offer; null if there is none right now. */
  get next(): FoundFile | null {
    return this.#toOffer[0] ?? null;
  }

  offered(file: FoundFile): void {
    must(this.#toOffer.shift() === file, `${file.name} is offered and not the next`);
    this.#offered.add(file.path);
  }

  /** The file is no longer what was hashed: it is offered again. */
  readAnew(file: FoundFile): void {
    this.#offered.delete(file.path);
    this.#toOffer.push(file);
  }

  end(file: FoundFile, how: string): void {
    const before = this.#ends.get(file.path);
    must(this.#offered.has(file.path), `${file.name} ends and was not offered`);
    must(before === undefined, `${file.name} ends twice: ${before ?? ""} and ${how}`);
    this.#ends.set(file.path, how);
  }

  /** Checks that everything offered has an outcome. */
  mustBeOver(): void {
    for (const path of this.#offered) must(this.#ends.has(path), `${path} was offered and has no end`);
  }
}
