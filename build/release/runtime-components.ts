// The contents of Bun's runtime, and therefore of every binary: the libraries that Bun's build vendors, and the
// packages that its licence file names as embedded. Bun does not publish which Rust crates are in a build, so the
// bill of materials declares itself incomplete below the runtime.

export interface Component {
  readonly name: string;
  /** An SPDX expression. */
  readonly licence: string;
  readonly copyright: string;
  readonly source: string;
  /** The key of `process.versions` with its version; null if Bun does not say. */
  readonly versionKey: string | null;
}

const github = (repository: string): string => `https://github.com/${repository}`;

function library(
  name: string,
  licence: string,
  copyright: string,
  source: string,
  versionKey: string | null = null,
): Component {
  return { name, licence, copyright, source, versionKey };
}

/** Embedded for Node's modules and Bun's own tools, under the MIT licence; each notice is in the package itself. */
const EMBEDDED_PACKAGES =
  `acorn acorn-walk assert browserify-zlib buffer constants-browserify crypto-browserify
domain-browser events https-browserify os-browserify path-browserify process punycode querystring-es3
stream-browserify stream-http string_decoder timers-browserify tty-browserify url util vm-browserify`.split(
    /\s+/,
  );

const LITESPEED = "Copyright (c) 2017-2023 LiteSpeed Technologies Inc";
const UNETWORKING = "Copyright Alex Hultman and contributors";

export const RUNTIME_COMPONENTS: readonly Component[] = [
  library(
    "JavaScriptCore",
    "LGPL-2.1-or-later AND BSD-2-Clause",
    "Copyright Apple Inc., the KDE project and other contributors to WebKit",
    github("oven-sh/WebKit"),
    "webkit",
  ),
  library(
    "boringssl",
    "Apache-2.0 AND ISC AND MIT AND BSD-3-Clause",
    "Copyright The OpenSSL Project Authors, Google Inc. and the Fiat Cryptography authors",
    "https://boringssl.googlesource.com/boringssl",
    "boringssl",
  ),
  library("brotli", "MIT", "Copyright (c) 2009-2016 by the Brotli Authors", github("google/brotli")),
  library(
    "c-ares",
    "MIT",
    "Copyright (c) 1998 Massachusetts Institute of Technology; Copyright (c) 2007-2023 Daniel Stenberg with many contributors",
    github("c-ares/c-ares"),
    "ares",
  ),
  library("hdrhistogram", "BSD-2-Clause", "Copyright Michael Barker", github("HdrHistogram/HdrHistogram_c")),
  library("highway", "Apache-2.0", "Copyright The Highway Project Authors", github("google/highway")),
  library(
    "icu",
    "Unicode-3.0",
    "Copyright (c) 2016 and later: Unicode, Inc. and others",
    github("unicode-org/icu"),
    "icu",
  ),
  library(
    "libarchive",
    "BSD-2-Clause AND BSD-3-Clause",
    "Copyright (c) 2003-2018 Tim Kientzle and others",
    github("libarchive/libarchive"),
    "libarchive",
  ),
  library(
    "libbase64",
    "BSD-2-Clause",
    "Copyright (c) 2005-2007, Nick Galbreath; Copyright (c) 2015-2018, Wojciech Muła; Copyright (c) 2016-2017, Matthieu Darbois; Copyright (c) 2013-2022, Alfred Klomp",
    github("aklomp/base64"),
  ),
  library(
    "libc++abi",
    "Apache-2.0 WITH LLVM-exception",
    "Copyright the LLVM Project",
    github("llvm/llvm-project"),
  ),
  library(
    "libdeflate",
    "MIT",
    "Copyright 2016 Eric Biggers; Copyright 2024 Google LLC",
    github("ebiggers/libdeflate"),
    "libdeflate",
  ),
  library(
    "libjpeg-turbo",
    "BSD-3-Clause AND IJG AND Zlib",
    "Copyright (C) 1991-2026 The libjpeg-turbo Project and many others; this software is based in part on the work of the Independent JPEG Group",
    github("libjpeg-turbo/libjpeg-turbo"),
  ),
  library("libspng", "BSD-2-Clause", "Copyright (c) 2018-2022, Randy", github("randy408/libspng")),
  library(
    "libuv",
    "MIT",
    "Copyright (c) 2015-present libuv project contributors (in the build for Windows; elsewhere only parts of its interface)",
    github("libuv/libuv"),
    "uv",
  ),
  library("libwebp", "BSD-3-Clause", "Copyright (c) 2010, Google Inc.", github("webmproject/libwebp")),
  library("llhttp", "MIT", "Copyright Fedor Indutny, 2018", github("nodejs/llhttp"), "llhttp"),
  library(
    "lol-html",
    "BSD-3-Clause",
    "Copyright (C) 2019, Cloudflare, Inc.; Copyright (C) 2019, Ivan Nikulin",
    github("cloudflare/lol-html"),
    "lolhtml",
  ),
  library("ls-hpack", "MIT", LITESPEED, github("litespeedtech/ls-hpack"), "lshpack"),
  library("ls-qpack", "MIT", LITESPEED, github("litespeedtech/ls-qpack")),
  library(
    "lsquic",
    "MIT AND BSD-3-Clause",
    `${LITESPEED}; Copyright The Chromium Authors`,
    github("litespeedtech/lsquic"),
  ),
  library(
    "mimalloc",
    "MIT",
    "Copyright (c) 2018-2025 Microsoft Corporation, Daan Leijen",
    github("microsoft/mimalloc"),
    "mimalloc",
  ),
  library(
    "mozilla-root-certificates",
    "MPL-2.0",
    "Mozilla's root certificates, as Bun embeds them",
    "https://hg.mozilla.org/projects/nss",
  ),
  library("nodejs", "MIT", "Copyright Node.js contributors; Copyright Joyent, Inc.", github("nodejs/node")),
  library(
    "picohttpparser",
    "MIT",
    "Copyright (c) 2009-2014 Kazuho Oku, Tokuhiro Matsuno, Daisuke Murase, Shigeo Mitsunari",
    github("h2o/picohttpparser"),
    "picohttpparser",
  ),
  library("simdutf", "Apache-2.0", "Copyright The simdutf authors", github("simdutf/simdutf")),
  library(
    "sqlite",
    "blessing",
    "in the public domain, by D. Richard Hipp and others",
    "https://sqlite.org/src",
    "sqlite",
  ),
  library("tigerbeetle-io", "Apache-2.0", "Copyright TigerBeetle, Inc.", github("tigerbeetle/tigerbeetle")),
  library("tinycc", "LGPL-2.1-only", "Copyright Fabrice Bellard", github("TinyCC/tinycc"), "tinycc"),
  library(
    "typescript",
    "Apache-2.0",
    "Copyright (c) Microsoft Corporation",
    github("microsoft/TypeScript"),
    "typescript",
  ),
  library("uSockets", "Apache-2.0", UNETWORKING, github("uNetworking/uSockets"), "usockets"),
  library("uWebSockets", "Apache-2.0", UNETWORKING, github("uNetworking/uWebSockets"), "uwebsockets"),
  library("uucode", "MIT", "Copyright Jacob Sandlund", github("jacobsandlund/uucode")),
  library(
    "zlib-ng",
    "Zlib",
    "(C) 1995-2024 Jean-loup Gailly and Mark Adler",
    github("zlib-ng/zlib-ng"),
    "zlib",
  ),
  library(
    "zstd",
    "BSD-3-Clause",
    "Copyright (c) Meta Platforms, Inc. and affiliates",
    github("facebook/zstd"),
    "zstd",
  ),
  ...EMBEDDED_PACKAGES.map((name) =>
    library(name, "MIT", "its authors, named in the package", `https://npmjs.com/package/${name}`),
  ),
];

/** The version of a component in the running Bun, which is the one that every target is built with. */
export function versionOf({ versionKey }: Component): string | null {
  return versionKey === null ? null : (process.versions[versionKey] ?? null);
}
