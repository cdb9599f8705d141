import { type Cipheriv, createCipheriv, timingSafeEqual } from "node:crypto";

/** AEAD_AES_SIV_CMAC_256 by its number at IANA: what every NTS server has (RFC 8915, section 5.1). */
export const AEAD_AES_SIV_CMAC_256 = 15;
/** Bytes of a key: half for S2V, half for CTR. */
export const KEY_BYTES = 32;

const BLOCK_BYTES = 16;
const ZERO_BLOCK = new Uint8Array(BLOCK_BYTES);

type Bytes = Uint8Array;

/** Doubling in GF(2^128), as CMAC and S2V have it: a left shift, and what falls out comes back as 0x87. */
function doubled(block: Bytes): Bytes {
  const out = new Uint8Array(BLOCK_BYTES);
  for (let at = 0; at < BLOCK_BYTES; at += 1) out[at] = ((block[at] ?? 0) << 1) | ((block[at + 1] ?? 0) >> 7);
  if ((block[0] ?? 0) >= 0x80) out[BLOCK_BYTES - 1] = (out[BLOCK_BYTES - 1] ?? 0) ^ 0x87;
  return out;
}

/** Lays one block over another, from `at` on. */
function xorInto(target: Bytes, block: Bytes, at: number): void {
  for (let index = 0; index < BLOCK_BYTES; index += 1)
    target[at + index] = (target[at + index] ?? 0) ^ (block[index] ?? 0);
}

/** A copy; where it is not whole blocks, with 0x80 and zeros behind it. */
function padded(bytes: Bytes, isWhole: boolean): Bytes {
  const blocks = Math.floor(bytes.length / BLOCK_BYTES) + (isWhole ? 0 : 1);
  const out = new Uint8Array(blocks * BLOCK_BYTES);
  out.set(bytes);
  if (!isWhole) out[bytes.length] = 0x80;
  return out;
}

/** AES-SIV-CMAC-256 (RFC 5297). The runtime has no such cipher, but the two that it is made of. */
export class AesSiv {
  readonly #ctrKey: Bytes;
  readonly #cbc: Cipheriv;
  /** The last block that came out of CBC, with which the next one is chained. */
  #chain: Bytes = ZERO_BLOCK;
  /** CMAC's K1; K2 is its double. */
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
   * The last block of CBC with a zero IV. A cipher that is made anew each time takes longer than what it does: this one
   * goes on, and the block that it is chained with is taken out of the first one again.
   *
   * @param blocks whole ones; they are overwritten.
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
    // Section 2.5: two bits are cleared, so that 32-bit counters never carry.
    counter[8] = (counter[8] ?? 0) & 0x7f;
    counter[12] = (counter[12] ?? 0) & 0x7f;
    return createCipheriv("aes-128-ctr", this.#ctrKey, counter).update(text);
  }

  /** @returns the synthetic IV of 16 bytes, then as many bytes as the plaintext has. */
  seal(plaintext: Bytes, associated: readonly Bytes[]): Bytes {
    const iv = this.#synthesise(associated, plaintext);
    const out = new Uint8Array(BLOCK_BYTES + plaintext.length);
    out.set(iv);
    out.set(this.#ctr(iv, plaintext), BLOCK_BYTES);
    return out;
  }

  /** The plaintext; null where text or associated data are not what was sealed with this key. */
  open(sealed: Bytes, associated: readonly Bytes[]): Bytes | null {
    if (sealed.length < BLOCK_BYTES) return null;
    const iv = sealed.subarray(0, BLOCK_BYTES);
    const plaintext = this.#ctr(iv, sealed.subarray(BLOCK_BYTES));
    return timingSafeEqual(iv, this.#synthesise(associated, plaintext)) ? plaintext : null;
  }
}
