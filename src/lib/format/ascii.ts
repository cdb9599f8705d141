/** What the program itself writes beyond ASCII, and what stands for it in a locale that has nothing else. */
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

/** A text of ours in ASCII; characters that came from outside stay as they are. */
export function toAscii(text: string): string {
  return text.replace(FANCY, (character) => PLAIN[character] ?? character);
}

/** Whether a locale says that only ASCII can be shown: LC_ALL before LC_CTYPE before LANG is C or POSIX. */
export function isAsciiLocale(environment: Readonly<Record<string, string | undefined>>): boolean {
  const locale = environment["LC_ALL"] || environment["LC_CTYPE"] || environment["LANG"] || "";
  return locale === "C" || locale === "POSIX";
}
