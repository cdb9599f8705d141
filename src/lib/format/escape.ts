/**
 * What a terminal would act on or a reader could not see: control characters (Cc), format characters (Cf:
 * direction marks, zero-width characters, tags), line and paragraph separators, lone surrogates, and everything
 * that fonts are told not to draw (Default_Ignorable_Code_Point).
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
/** The same except line feeds and tabs. */
const UNSAFE_IN_TEXT = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** A colour as the renderers write it (SGR). */
const COLOR = new RegExp(`(${String.fromCodePoint(0x1b)}\\[[\\d;]*m)`);

const NAMED: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function shown(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  const named = NAMED[character];
  if (named !== undefined) return named;
  // A byte of a path that is not UTF-8, as encoded by path-bytes.ts.
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code & 0xff).toString(16)}`;
  if (code < 0x100) return `\\x${hex.padStart(2, "0")}`;
  return code < 0x1_0000 ? `\\u${hex.padStart(4, "0")}` : `\\u{${hex}}`;
}

/**
 * Makes text from outside (file names, server messages, node names, log lines) one line that is safe to print:
 * unsafe characters are shown as escapes, `\x1b`, `\u202e`.
 */
export function escapeText(text: string): string {
  return text.replace(UNSAFE, shown);
}

/** Plain data with every text escaped, keys included, for a renderer that prints nearly all of it. */
export function escapeAll<T>(data: T): T {
  const escaped = (value: unknown): unknown => {
    if (typeof value === "string") return escapeText(value);
    if (Array.isArray(value)) return value.map(escaped);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, of]) => [escapeText(key), escaped(of)]));
  };
  return escaped(data) as T;
}

/**
 * Escapes a whole output, keeping line feeds and tabs: the last line of defence behind `escapeText`.
 *
 * @param keepColor keeps the colours that the renderers write (SGR sequences).
 */
export function escapeLines(text: string, keepColor: boolean): string {
  if (!keepColor) return text.replace(UNSAFE_IN_TEXT, shown);
  const parts = text.split(COLOR);
  return parts.map((part, at) => (at % 2 === 1 ? part : part.replace(UNSAFE_IN_TEXT, shown))).join("");
}
