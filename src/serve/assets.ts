import { basename } from "node:path";
import page from "./page/index.html";
import { accepts } from "./replies.ts";
import type { Route } from "./router.ts";

/**
 * The page loads only from this server, runs no inline scripts and may not be framed. Trusted types: no text ever
 * becomes markup.
 */
const csp = (style: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src ${style}`,
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");

const COMMON: Readonly<Record<string, string>> = {
  "content-security-policy": csp("'self'"),
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** What importing the page gives: a manifest in the compiled program, an unbuilt bundle when run from the sources. */
interface Manifest {
  readonly index: string;
  readonly files: readonly {
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
  }[];
}

function isManifest(value: unknown): value is Manifest {
  return typeof value === "object" && value !== null && "files" in value && Array.isArray(value.files);
}

/** Whether If-None-Match matches the tag (RFC 9110, 13.1.2). */
function hasTag(ifNoneMatch: string | null, etag: string): boolean {
  return ifNoneMatch?.split(",").some((tag) => [etag, etag.slice(2), "*"].includes(tag.trim())) ?? false;
}

const STYLESHEET = /<link rel="stylesheet"[^>]* href="\/([^"]+)">/;

/** The page with everything its first paint needs: the style sheet is inlined and allowed by its hash. */
function wholeIndex(html: string, files: ReadonlyMap<string, Uint8Array>): { html: string; policy: string } {
  const sheet = files.get(STYLESHEET.exec(html)?.[1] ?? "");
  if (sheet === undefined) throw new Error("Cannot serve the page: it has no style sheet");
  const style = Buffer.from(sheet).toString();
  return {
    // A function, because the style may contain a `$`.
    html: html.replace(STYLESHEET, () => `<style>${style}</style>`),
    policy: csp(`'sha256-${new Bun.CryptoHasher("sha256").update(style).digest("base64")}'`),
  };
}

/** Compressed once; revalidated by ETag. */
function assetRoute(bytes: Uint8Array<ArrayBuffer>, headers: Readonly<Record<string, string>>): Route {
  const compressed = Bun.gzipSync(bytes, { level: 9 });
  // Weak, since the compressed and the plain bytes share it.
  const etag = `W/"${Bun.hash(bytes).toString(36)}"`;
  const all = { ...COMMON, ...headers, etag, vary: "accept-encoding" };
  const GET = (request: Request): Response => {
    if (hasTag(request.headers.get("if-none-match"), etag))
      return new Response(null, { status: 304, headers: all });
    return accepts(request, "gzip")
      ? new Response(compressed, { headers: { ...all, "content-encoding": "gzip" } })
      : new Response(bytes, { headers: all });
  };
  return { GET, isPublic: true };
}

/** The page's files. Their names contain a hash of the content, so they can be cached for ever. */
async function manifestRoutes(manifest: Manifest): Promise<[string, Route][]> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const routes: [string, Route][] = [];
  for (const { path, headers } of manifest.files) {
    if (path === manifest.index) continue;
    const bytes = await Bun.file(path).bytes();
    files.set(basename(path), bytes);
    const immutable = { ...headers, "cache-control": "public, max-age=31536000, immutable" };
    routes.push([`/${basename(path)}`, assetRoute(bytes, immutable)]);
  }
  const { html, policy } = wholeIndex(await Bun.file(manifest.index).text(), files);
  const headers = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": policy,
    "cache-control": "no-cache",
  };
  return [["/", assetRoute(Buffer.from(html), headers)], ...routes];
}

/** The page from its sources, for development; bundled at startup. */
async function bundledRoutes(): Promise<[string, Route][]> {
  const built = await Bun.build({ entrypoints: [`${import.meta.dir}/page/index.html`], minify: true });
  return Promise.all(
    built.outputs.map(async (output): Promise<[string, Route]> => {
      const bytes = await output.arrayBuffer();
      const isIndex = output.path.endsWith(".html");
      const headers = { ...COMMON, "content-type": output.type, "cache-control": "no-store" };
      return [
        isIndex ? "/" : `/${basename(output.path)}`,
        { GET: () => new Response(bytes, { headers }), isPublic: true },
      ];
    }),
  );
}

/** The routes of the page and its assets, by path. */
export async function pageRoutes(): Promise<Map<string, Route>> {
  const manifest: unknown = page;
  return new Map(isManifest(manifest) ? await manifestRoutes(manifest) : await bundledRoutes());
}
