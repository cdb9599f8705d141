/** A fenced block of a page, and how to try it according to the comment before it. */
export interface Fence {
  readonly page: string;
  readonly line: number;
  /** The language after the fence: `sh`, `toml` …; empty for a sample of output. */
  readonly language: string;
  readonly text: string;
  readonly how: HowToTry;
}

/** `<!-- try: exit 3 -->`, `<!-- try: stays -->`, `<!-- try: tests/e2e/x.test.ts -->`; see docs/README.md. */
type HowToTry =
  | { readonly type: "exits"; readonly code: number }
  | { readonly type: "stays" }
  | { readonly type: "elsewhere"; readonly test: string };

function howToTry(comment: string | undefined, at: string): HowToTry {
  if (comment === undefined) return { type: "exits", code: 0 };
  if (comment === "stays") return { type: "stays" };
  const code = /^exit (\d)$/.exec(comment)?.[1];
  if (code !== undefined) return { type: "exits", code: Number(code) };
  if (/^tests\/\S+\.test\.ts$/.test(comment)) return { type: "elsewhere", test: comment };
  throw new Error(`${at}: "try: ${comment}" says nothing that is known`);
}

const FENCE = /(?:<!-- try: (?<comment>.*?) -->\n)?```(?<language>\w*)\n(?<text>[\s\S]*?)\n```\n/g;

/** Every fenced block of a page. */
export function fencesOf(page: string, content: string): Fence[] {
  return [...content.matchAll(FENCE)].map((match) => {
    const { comment, language = "", text = "" } = match.groups ?? {};
    const line = content.slice(0, match.index).split("\n").length;
    return { page, line, language, text, how: howToTry(comment, `${page}:${line}`) };
  });
}

/** The file name in the first line of a config file's block: `# /etc/x/NAME`. */
export function namedFile(text: string): string {
  return /^# (\S+)\n/.exec(text)?.[1]?.split("/").at(-1) ?? "";
}
