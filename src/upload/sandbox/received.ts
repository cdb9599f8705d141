import { MalformedMultipart, MultipartReader } from "./multipart-reader.ts";

/** A file part as it came in: its hash, not its bytes. */
export interface ReceivedFile {
  readonly part: string;
  readonly filename: string;
  readonly checksum: string;
  readonly sizeBytes: number;
}

export interface ReceivedForm {
  /** Parts that are text, in their order. */
  readonly fields: ReadonlyMap<string, string>;
  readonly files: readonly ReceivedFile[];
  /** Names of all parts, in the order they came. */
  readonly order: readonly string[];
}

const MAX_FIELD_BYTES = 1024 * 1024;

/** Takes in a form piece by piece: fields are kept, files are hashed as they pass. */
export class FormReceiver {
  readonly #reader: MultipartReader;
  readonly #fields = new Map<string, string>();
  readonly #files: ReceivedFile[] = [];
  readonly #order: string[] = [];
  #fault: MalformedMultipart | null = null;

  constructor(boundary: string) {
    let part = "";
    let filename: string | null = null;
    let hasher = new Bun.CryptoHasher("sha256");
    let pieces: Buffer[] = [];
    let sizeBytes = 0;
    this.#reader = new MultipartReader(boundary, {
      part: (head) => {
        part = head.name;
        filename = head.filename;
        hasher = new Bun.CryptoHasher("sha256");
        pieces = [];
        sizeBytes = 0;
        this.#order.push(part);
      },
      data: (bytes) => {
        sizeBytes += bytes.length;
        if (filename !== null) hasher.update(bytes);
        else if (sizeBytes > MAX_FIELD_BYTES) throw new MalformedMultipart(`field ${part} is too long`);
        else pieces.push(Buffer.from(bytes));
      },
      partEnd: () => {
        if (filename === null) this.#fields.set(part, Buffer.concat(pieces).toString("utf8"));
        else this.#files.push({ part, filename, checksum: hasher.digest("hex"), sizeBytes });
      },
    });
  }

  push(bytes: Uint8Array): void {
    if (this.#fault !== null) return;
    try {
      this.#reader.push(bytes);
    } catch (error) {
      if (!(error instanceof MalformedMultipart)) throw error;
      this.#fault = error;
    }
  }

  /** The form, or why it is not a whole one. */
  end(): ReceivedForm | { readonly fault: string } {
    if (this.#fault !== null) return { fault: this.#fault.message };
    if (!this.#reader.complete) return { fault: "the form has no end" };
    return { fields: this.#fields, files: this.#files, order: this.#order };
  }
}
