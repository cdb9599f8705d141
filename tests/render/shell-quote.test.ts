import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { fishQuote, shellQuote } from "../../src/render/shell-quote.ts";
import { needs } from "../support/programs.ts";
import { runCommand } from "../support/run.ts";

test("quotes and backslashes are protected from the shell", () => {
  expect(shellQuote(`it's $HOME \\ "x"`)).toBe(`'it'\\''s $HOME \\ "x"'`);
  expect(fishQuote(`it's $HOME \\ "x"`)).toBe(`'it\\'s $HOME \\\\ "x"'`);
});

/** Characters that an argument cannot contain. */
const words = fc.array(
  fc.string({ unit: "binary" }).map((text) => text.replaceAll("\0", "")),
  {
    minLength: 50,
    maxLength: 50,
  },
);

for (const [shell, quote] of [
  ["dash", shellQuote],
  ["bash", shellQuote],
  ["zsh", shellQuote],
  ["fish", fishQuote],
] as const) {
  needs(shell)(`${shell} reads any text back as it was`, async () => {
    await fc.assert(
      fc.asyncProperty(words, async (texts) => {
        const script = `printf '%s\\0' ${texts.map(quote).join(" ")}`;
        const { stdout } = await runCommand([shell, "-c", script], { env: { LC_ALL: "C.UTF-8" } });
        expect(stdout.split("\0").slice(0, -1)).toEqual(texts);
      }),
      { numRuns: 5 },
    );
  });
}
