// The releaser's Ed25519 key signs SHA256SUMS. Its public half is built into the program and the installer.
import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { readFileSync } from "node:fs";

export interface SigningKey {
  /** SPKI DER in base64, one line: as in install.sh and the binary. */
  readonly publicKey: string;
  /** Returns the signature, 64 bytes. */
  sign(message: Uint8Array): Buffer;
}

function publicText(key: KeyObject): string {
  return key.export({ type: "spki", format: "der" }).toString("base64");
}

/** Reads the private key (PEM, PKCS 8). */
export function readSigningKey(path: string): SigningKey {
  const key = createPrivateKey(readFileSync(path));
  if (key.asymmetricKeyType !== "ed25519") {
    throw new Error(
      `Cannot sign with ${path}: it is a key of type ${key.asymmetricKeyType}, expected ed25519 (make one with: openssl genpkey -algorithm ed25519)`,
    );
  }
  return { publicKey: publicText(createPublicKey(key)), sign: (message) => sign(null, message, key) };
}
