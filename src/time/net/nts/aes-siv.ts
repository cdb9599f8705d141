import { createCipheriv, timingSafeEqual } from "node:crypto";

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

/** A copy of `bytes` with `mask` laid over it from `at` on. */
function masked(bytes: Bytes, mask: Bytes, at = 0): Bytes {
  const out = Uint8Array.from(bytes);
  mask.forEach((value, index) => {
    out[at + index] = (out[at + index] ?? 0) ^ value;
  });
  return out;
}

/** 0x80 and zeros up to a whole block. */
function padded(bytes: Bytes): Bytes {
  const out = new Uint8Array(Math.floor(bytes.length / BLOCK_BYTES) * BLOCK_BYTES + BLOCK_BYTES);
  out.set(bytes);
  out[bytes.length] = 0x80;
  return out;
}

/** AES-SIV-CMAC-256 (RFC 5297). The runtime has no such cipher, but the two that it is made of. */
export class AesSiv {
  readonly #macKey: Bytes;
  readonly #ctrKey: Bytes;
  /** CMAC's K1; K2 is its double. */
  readonly #subkey: Bytes;

  /** @param key KEY_BYTES bytes. */
  constructor(key: Bytes) {
    if (key.length !== KEY_BYTES)
      throw new Error(`Cannot use a key of ${key.length} bytes: expected ${KEY_BYTES}`);
    this.#macKey = key.slice(0, BLOCK_BYTES);
    this.#ctrKey = key.slice(BLOCK_BYTES);
    this.#subkey = doubled(this.#lastBlock(ZERO_BLOCK));
  }

  /** The last block of CBC without padding and with a zero IV. */
  #lastBlock(blocks: Bytes): Bytes {
    const cipher = createCipheriv("aes-128-cbc", this.#macKey, ZERO_BLOCK).setAutoPadding(false);
    return cipher.update(blocks).subarray(-BLOCK_BYTES);
  }

  /** CMAC (RFC 4493). */
  #mac(message: Bytes): Bytes {
    const isWhole = message.length > 0 && message.length % BLOCK_BYTES === 0;
    const blocks = isWhole ? message : padded(message);
    const subkey = isWhole ? this.#subkey : doubled(this.#subkey);
    return this.#lastBlock(masked(blocks, subkey, blocks.length - BLOCK_BYTES));
  }

  /** S2V (RFC 5297, section 2.4). */
  #synthesise(associated: readonly Bytes[], plaintext: Bytes): Bytes {
    let sum = this.#mac(ZERO_BLOCK);
    for (const part of associated) sum = masked(doubled(sum), this.#mac(part));
    const last =
      plaintext.length >= BLOCK_BYTES
        ? masked(plaintext, sum, plaintext.length - BLOCK_BYTES)
        : masked(padded(plaintext), doubled(sum));
    return this.#mac(last);
  }

  #ctr(iv: Bytes, text: Bytes): Bytes {
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
