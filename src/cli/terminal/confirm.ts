import { Failure } from "../../lib/errors.ts";
import { escapeText } from "../../lib/format/escape.ts";
import { toggle } from "../../settings/kind.ts";
import { option } from "../../settings/option.ts";
import { isTerminal, writeError } from "./streams.ts";

/** Options of commands that cannot be undone. */
export const confirmOptions = {
  yes: option(toggle, false, "do not ask", { scope: "flag" }),
} as const;

/** The line that the user types; empty if the input ends or the signal comes first. */
async function typedLine(signal: AbortSignal): Promise<string> {
  const reader = Bun.stdin.stream().getReader();
  const aborted = new Promise<null>((resolve) => {
    if (signal.aborted) resolve(null);
    signal.addEventListener("abort", () => resolve(null), { once: true });
  });
  // A terminal delivers one line at a time.
  const read = await Promise.race([reader.read(), aborted]);
  return Buffer.from(read?.value ?? []).toString("utf8");
}

/**
 * Asks before something that cannot be undone; Enter alone declines.
 *
 * @throws Failure (usage) if there is no terminal to ask on; Failure (failed) if the answer is not yes.
 */
export async function confirm(
  question: string,
  how: { readonly isConfirmed: boolean; readonly signal: AbortSignal },
): Promise<void> {
  if (how.isConfirmed) return;
  if (!(await isTerminal(0)) || !(await isTerminal(2)))
    throw new Failure("usage", "there is no terminal to ask on; if you are sure, run it again with --yes");
  writeError(`${escapeText(question)} [y/N] `);
  const answer = await typedLine(how.signal);
  if (!/^y(es)?$/i.test(answer.trim())) throw new Failure("failed", "nothing was done");
}
