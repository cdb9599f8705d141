import { basename } from "node:path";
import page from "./page/index.html";
import type { Route } from "./router.ts";

/**
 * The page comes from nowhere but here, runs nothing that is written into it, and frames nowhere. Trusted types: no
 * text ever becomes markup.
 */
const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const COMMON: Readonly<Record<string, string>> = {
  "content-security-policy": CSP,
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** What the bundler has made of the page: a manifest in the compiled program, a bundle to be made elsewhere. */
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

/** Whether If-None-Match names the tag (RFC 9110, 13.1.2). */
function hasTag(ifNoneMatch: string | null, etag: string): boolean {
  return ifNoneMatch?.split(",").some((tag) => [etag, etag.slice(2), "*"].includes(tag.trim())) ?? false;
}

/** The page's files, compressed once. Their names hold a hash of what is in them, so that they never change. */
async function manifestRoutes(manifest: Manifest): Promise<[string, Route][]> {
  return Promise.all(
    manifest.files.map(async ({ path, headers }): Promise<[string, Route]> => {
      const bytes = await Bun.file(path).bytes();
      const compressed = Bun.gzipSync(bytes, { level: 9 });
      const isIndex = path === manifest.index;
      const etag = `W/"${Bun.hash(bytes).toString(36)}"`;
      const all = {
        ...COMMON,
        ...headers,
        "cache-control": isIndex ? "no-cache" : "public, max-age=31536000, immutable",
        vary: "accept-encoding",
        // Weak: the same for the compressed bytes and the plain ones.
        etag,
      };
      const GET = (request: Request): Response => {
        if (hasTag(request.headers.get("if-none-match"), etag))
          return new Response(null, { status: 304, headers: all });
        return /\bgzip\b/.test(request.headers.get("accept-encoding") ?? "")
          ? new Response(compressed, { headers: { ...all, "content-encoding": "gzip" } })
          : new Response(bytes, { headers: all });
      };
      return [isIndex ? "/" : `/${basename(path)}`, { GET, isPublic: true }];
    }),
  );
}

/** The page out of the sources, for development: bundled at the start. */
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

/** The page and its assets, path by path. */
export async function pageRoutes(): Promise<Map<string, Route>> {
  const manifest: unknown = page;
  return new Map(isManifest(manifest) ? await manifestRoutes(manifest) : await bundledRoutes());
}
