import type { CheckAnswer } from "../plan/events.ts";
import type { CheckOutcome, TanovaClient } from "../tanova/types.ts";

/** Asks the server about contents: all of them in bulk, otherwise only the first. */
export async function checkContents(
  client: TanovaClient,
  asked: { readonly checksums: readonly string[]; readonly inBulk: boolean },
  signal: AbortSignal,
): Promise<CheckAnswer> {
  const { checksums, inBulk } = asked;
  if (!inBulk) {
    const [checksum = ""] = checksums;
    return new Map([[checksum, await client.check(checksum, signal)]]);
  }
  const there = await client.checkMany(checksums, signal);
  const told = (checksum: string): CheckOutcome => (there?.has(checksum) === true ? "there" : "absent");
  return there === null ? null : new Map(checksums.map((checksum) => [checksum, told(checksum)]));
}
