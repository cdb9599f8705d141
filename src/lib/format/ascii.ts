/** The non-ASCII characters that this program writes, and their replacements in an ASCII-only locale. */
const PLAIN: Readonly<Record<string, string>> = {
  "…": "...",
  "—": "-",
  "–": "-",
  "−": "-",
  "×": "x",
  "±": "+/-",
  µ: "u",
  "·": "-",
  "•": "*",
  "→": "->",
  "▲": "!",
  "░": ".",
  "▏": ".",
  "▎": ".",
  "▍": ".",
  "▌": ".",
  "▋": ".",
  "▊": ".",
  "▉": ".",
  "▁": "_",
  "▂": "_",
  "▃": ".",
  "▄": "-",
  "▅": "-",
  "▆": "=",
  "▇": "=",
  "█": "#",
};

const FANCY = new RegExp(`[${Object.keys(PLAIN).join("")}]`, "gu");

/** Replaces our own non-ASCII characters; those that came from outside are kept. */
export function toAscii(text: string): string {
  return text.replace(FANCY, (character) => PLAIN[character] ?? character);
}

/** Whether the locale is ASCII only: the first that is set of LC_ALL, LC_CTYPE and LANG is C or POSIX. */
export function isAsciiLocale(environment: Readonly<Record<string, string | undefined>>): boolean {
  const locale = environment["LC_ALL"] || environment["LC_CTYPE"] || environment["LANG"] || "";
  return locale === "C" || locale === "POSIX";
}
