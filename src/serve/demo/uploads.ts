import { seededRandom } from "../../lib/seeded-random.ts";
import type { Content } from "../../upload/ledger/ledger.ts";

export const DEMO_DESTINATION = "https://api.tanova.example";
export const DEMO_FOLDER = "/srv/cvs";

/** How an upload ends; `status` is the server's HTTP status. */
export type DemoEnding =
  | { readonly type: "uploaded" }
  | { readonly type: "known" }
  | { readonly type: "failed"; readonly status: number; readonly reason: string };

const FIRST = ["amina", "bruno", "chen", "dana", "elif", "femi", "greta", "hugo", "ines", "jonas", "kofi"];
const LAST = ["abara", "berg", "costa", "diaz", "eriksen", "fontaine", "garcia", "haddad", "ito", "jansen"];

/** The CV with the given number: an invented name and a checksum of no real content. */
export function demoContent(number: number, seed: number): Content {
  const checksum = new Bun.CryptoHasher("sha256").update(`nodupe demo ${seed} ${number}`).digest("hex");
  const first = FIRST[number % FIRST.length];
  const last = LAST[Math.floor(number / FIRST.length) % LAST.length];
  return { checksum, path: `${DEMO_FOLDER}/${first}-${last}-${number}.pdf` };
}

const UNREADABLE: DemoEnding = { type: "failed", status: 422, reason: "no text was found in the document" };
const TOO_LARGE: DemoEnding = { type: "failed", status: 413, reason: "the file is larger than 10 MB" };

/** How the upload of that CV ends. */
export function demoEnding(number: number, seed: number): DemoEnding {
  const chance = seededRandom(seed ^ Math.imul(number, 0x9e3779b1))();
  if (chance < 0.016) return UNREADABLE;
  if (chance < 0.023) return TOO_LARGE;
  return chance < 0.05 ? { type: "known" } : { type: "uploaded" };
}

/** How many uploads start in the given second. */
export function demoPace(second: number, seed: number): number {
  return 1 + Math.floor(seededRandom(seed ^ second)() * 4);
}
