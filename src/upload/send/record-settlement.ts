import type { Ledger } from "../ledger/ledger.ts";
import type { Settlement } from "../plan/actions.ts";
import type { Work } from "../plan/work.ts";
import type { Tally } from "../report/tally.ts";

/** A content, and the file that it was or would be sent from. */
export function contentOf({ checksum, file }: Pick<Work, "checksum" | "file">): {
  checksum: string;
  path: string;
} {
  return { checksum, path: file.path };
}

/** Records and counts the result for a content, and for the other file with the same content. */
export function recordSettlement(
  work: Work,
  as: Settlement,
  { ledger, tally }: { readonly ledger: Ledger; readonly tally: Tally },
): void {
  const content = contentOf(work);
  switch (as.type) {
    case "uploaded":
      ledger.done(content, "upload");
      tally.there("uploaded", content.path);
      break;
    case "known":
      ledger.done(content, "server");
      tally.there("known-there", content.path);
      break;
    case "refused":
      ledger.failed(content, as.because);
      tally.fail(content.path, as.because);
      break;
    case "failed":
      ledger.pending(content, as.because);
      tally.fail(content.path, as.because);
      break;
    case "open":
      tally.fail(content.path, as.because);
      break;
    case "postponed":
      tally.pending += 1;
      break;
    case "gone":
      ledger.unseen(work.checksum);
      break;
    case "left":
      return;
  }
  if (work.alternate !== null) tally.there("known-here", work.alternate.path);
}
