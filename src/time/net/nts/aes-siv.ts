import { type Cipheriv, createCipheriv, timingSafeEqual } from "node:crypto";

/** AEAD_AES_SIV_CMAC_256, by its IANA number: supported by every NTS server (RFC 8915, section 5.1). */
export const AEAD_AES_SIV_CMAC_256 = 15;
/** Length of a key: half for S2V, half for CTR. */
export const KEY_BYTES = 32;

const BLOCK_BYTES = 16;
const ZERO_BLOCK = new Uint8Array(BLOCK_BYTES);

type Bytes = Uint8Array;

/** Doubling in GF(2^128) as in CMAC and S2V: a left shift; if a bit falls out, 0x87 is XORed in. */
function doubled(block: Bytes): Bytes {
  const out = new Uint8Array(BLOCK_BYTES);
  for (let at = 0; at < BLOCK_BYTES; at += 1) out[at] = ((block[at] ?? 0) << 1) | ((block[at + 1] ?? 0) >> 7);
  if ((block[0] ?? 0) >= 0x80) out[BLOCK_BYTES - 1] = (out[BLOCK_BYTES - 1] ?? 0) ^ 0x87;
  return out;
}

/** XORs a block into another, starting at `at`. */
function xorInto(target: Bytes, block: Bytes, at: number): void {
  for (let index = 0; index < BLOCK_BYTES; index += 1)
    target[at + index] = (target[at + index] ?? 0) ^ (block[index] ?? 0);
}

/** A copy; unless it consists of whole blocks, padded with 0x80 and zeros. */
function padded(bytes: Bytes, isWhole: boolean): Bytes {
  const blocks = Math.floor(bytes.length / BLOCK_BYTES) + (isWhole ? 0 : 1);
  const out = new Uint8Array(blocks * BLOCK_BYTES);
  out.set(bytes);
  if (!isWhole) out[bytes.length] = 0x80;
  return out;
}

/** AES-SIV-CMAC-256 (RFC 5297). The runtime lacks this cipher, but has the two that it is made of. */
export class AesSiv {
  readonly #ctrKey: Bytes;
  readonly #cbc: Cipheriv;
  /** The last block of CBC output, to which the next block is chained. */
  #chain: Bytes = ZERO_BLOCK;
  /** K1 of CMAC; K2 is its double. */
  readonly #subkey: Bytes;

  /** @param key KEY_BYTES bytes. */
  constructor(key: Bytes) {
    if (key.length !== KEY_BYTES)
      throw new Error(`Cannot use a key of ${key.length} bytes: expected ${KEY_BYTES}`);
    this.#ctrKey = key.slice(BLOCK_BYTES);
    this.#cbc = createCipheriv("aes-128-cbc", key.slice(0, BLOCK_BYTES), ZERO_BLOCK);
    this.#subkey = doubled(this.#lastBlock(new Uint8Array(BLOCK_BYTES)));
  }

  /**
   * The last block of CBC with a zero IV. Creating a cipher costs more than using it, so one cipher is kept
   * running and the block that it chains from is XORed out of the first block.
   *
   * @param blocks whole blocks; overwritten.
   */
  #lastBlock(blocks: Bytes): Bytes {
    xorInto(blocks, this.#chain, 0);
    this.#chain = Uint8Array.from(this.#cbc.update(blocks).subarray(-BLOCK_BYTES));
    return this.#chain;
  }

  /** CMAC (RFC 4493). */
  #mac(message: Bytes): Bytes {
    const isWhole = message.length > 0 && message.length % BLOCK_BYTES === 0;
    const blocks = padded(message, isWhole);
    xorInto(blocks, isWhole ? this.#subkey : doubled(this.#subkey), blocks.length - BLOCK_BYTES);
    return this.#lastBlock(blocks);
  }

  /** S2V (RFC 5297, section 2.4). */
  #synthesise(associated: readonly Bytes[], plaintext: Bytes): Bytes {
    let sum = this.#mac(ZERO_BLOCK);
    for (const part of associated) {
      sum = doubled(sum);
      xorInto(sum, this.#mac(part), 0);
    }
    const isLong = plaintext.length >= BLOCK_BYTES;
    const last = isLong ? Uint8Array.from(plaintext) : padded(plaintext, false);
    xorInto(last, isLong ? sum : doubled(sum), last.length - BLOCK_BYTES);
    return this.#mac(last);
  }

  #ctr(iv: Bytes, text: Bytes): Bytes {
    if (text.length === 0) return text;
    const counter = Uint8Array.from(iv);
    // Section 2.5: two bits are cleared so that 32-bit counters never carry.
    counter[8] = (counter[8] ?? 0) & 0x7f;
    counter[12] = (counter[12] ?? 0) & 0x7f;
    return createCipheriv("aes-128-ctr", this.#ctrKey, counter).update(text);
  }

  /** @returns the synthetic IV of 16 bytes, followed by the ciphertext, which is as long as the plaintext. */
  seal(plaintext: Bytes, associated: readonly Bytes[]): Bytes {
    const iv = this.#synthesise(associated, plaintext);
    const out = new Uint8Array(BLOCK_BYTES + plaintext.length);
    out.set(iv);
    out.set(this.#ctr(iv, plaintext), BLOCK_BYTES);
    return out;
  }

  /** The plaintext; null if the text or the associated data are not what was sealed with this key. */
  open(sealed: Bytes, associated: readonly Bytes[]): Bytes | null {
    if (sealed.length < BLOCK_BYTES) return null;
    const iv = sealed.subarray(0, BLOCK_BYTES);
    const plaintext = this.#ctr(iv, sealed.subarray(BLOCK_BYTES));
    return timingSafeEqual(iv, this.#synthesise(associated, plaintext)) ? plaintext : null;
  }
}
