/** A fenced block of a page, with what the comment before it says of trying it. */
export interface Fence {
  readonly page: string;
  readonly line: number;
  /** What stands behind the fence: `sh`, `toml` …; nothing for a sample of output. */
  readonly language: string;
  readonly text: string;
  readonly how: HowToTry;
}

/** `<!-- try: exit 3 -->`, `<!-- try: stays -->`, `<!-- try: tests/e2e/x.test.ts -->`; docs/README.md tells of them. */
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

/** What a block of a config file says that it is, in its first line: `# /etc/x/NAME`. */
export function namedFile(text: string): string {
  return /^# (\S+)\n/.exec(text)?.[1]?.split("/").at(-1) ?? "";
}
