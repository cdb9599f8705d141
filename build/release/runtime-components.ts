// What Bun's runtime links statically and therefore every binary holds, with licences as Bun's project states them.

export interface Component {
  readonly name: string;
  /** An SPDX expression, or null where the project has several licences in one file. */
  readonly licence: string | null;
  readonly source: string;
}

const github = (repository: string): string => `https://github.com/${repository}`;

export const RUNTIME_COMPONENTS: readonly Component[] = [
  { name: "JavaScriptCore", licence: "LGPL-2.1-or-later", source: github("oven-sh/WebKit") },
  { name: "boringssl", licence: null, source: "https://boringssl.googlesource.com/boringssl" },
  { name: "brotli", licence: "MIT", source: github("google/brotli") },
  { name: "c-ares", licence: "MIT", source: github("c-ares/c-ares") },
  { name: "highway", licence: "Apache-2.0", source: github("google/highway") },
  { name: "icu", licence: "Unicode-3.0", source: github("unicode-org/icu") },
  { name: "libarchive", licence: null, source: github("libarchive/libarchive") },
  { name: "libbase64", licence: "BSD-2-Clause", source: github("aklomp/base64") },
  { name: "libdeflate", licence: "MIT", source: github("ebiggers/libdeflate") },
  {
    name: "libjpeg-turbo",
    licence: "BSD-3-Clause AND IJG AND Zlib",
    source: github("libjpeg-turbo/libjpeg-turbo"),
  },
  { name: "libspng", licence: "BSD-2-Clause", source: github("randy408/libspng") },
  { name: "libwebp", licence: "BSD-3-Clause", source: github("webmproject/libwebp") },
  { name: "lol-html", licence: "BSD-3-Clause", source: github("cloudflare/lol-html") },
  { name: "ls-hpack", licence: "MIT", source: github("litespeedtech/ls-hpack") },
  { name: "ls-qpack", licence: "MIT", source: github("litespeedtech/ls-qpack") },
  { name: "lsquic", licence: "MIT AND BSD-3-Clause", source: github("litespeedtech/lsquic") },
  { name: "mimalloc", licence: "MIT", source: github("microsoft/mimalloc") },
  { name: "picohttpparser", licence: "MIT", source: github("h2o/picohttpparser") },
  { name: "simdutf", licence: "Apache-2.0", source: github("simdutf/simdutf") },
  { name: "tigerbeetle-io", licence: "Apache-2.0", source: github("tigerbeetle/tigerbeetle") },
  { name: "tinycc", licence: "LGPL-2.1-only", source: github("TinyCC/tinycc") },
  { name: "uSockets", licence: "Apache-2.0", source: github("uNetworking/uSockets") },
  { name: "uWebSockets", licence: "Apache-2.0", source: github("uNetworking/uWebSockets") },
  { name: "uucode", licence: "MIT", source: github("jacobsandlund/uucode") },
  { name: "zlib-ng", licence: "Zlib", source: github("zlib-ng/zlib-ng") },
  { name: "zstd", licence: "BSD-3-Clause", source: github("facebook/zstd") },
];
