import { createPublicKey, verify } from "node:crypto";

/**
 * Whether an Ed25519 signature over a message is right.
 *
 * @param publicKey SPKI DER in base64, as it was compiled in.
 */
export function isSigned(message: Uint8Array, signature: Uint8Array, publicKey: string): boolean {
  const key = createPublicKey({ key: Buffer.from(publicKey, "base64"), format: "der", type: "spki" });
  return signature.length === 64 && verify(null, message, key, signature);
}
