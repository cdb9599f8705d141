declare const NODUPE_TARGET: string | null | undefined;
declare const NODUPE_COMMIT: string | null | undefined;
declare const NODUPE_RELEASE_KEY: string | null | undefined;
declare const NODUPE_RELEASE_URL: string | null | undefined;

/** The platform this program was compiled for, as in archive names (linux-arm64); null if run from source. */
export const TARGET: string | null = typeof NODUPE_TARGET === "string" ? NODUPE_TARGET : null;

/** The commit it was compiled from, 12 digits; null if built outside a checkout. */
export const COMMIT: string | null = typeof NODUPE_COMMIT === "string" ? NODUPE_COMMIT : null;

/** The Ed25519 key that releases are signed with (SPKI, DER, base64); null if built without one. */
export const RELEASE_KEY: string | null = typeof NODUPE_RELEASE_KEY === "string" ? NODUPE_RELEASE_KEY : null;

/** Where the publisher keeps releases; null if built without it. */
export const RELEASE_URL: string | null = typeof NODUPE_RELEASE_URL === "string" ? NODUPE_RELEASE_URL : null;
