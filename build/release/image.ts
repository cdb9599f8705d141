// A container image (OCI image-spec 1.1) as one file: the program, the C library, certificates, and no shell.
import { rootCertificates } from "node:tls";
import { gzip } from "./archive.ts";
import { textEntry } from "./papers.ts";
import type { RuntimeLibraries } from "./runtime-libraries.ts";
import { type Entry, tar, withFolders } from "./tar.ts";

/** The user that the program runs as; the same number as in distroless images. */
const USER = 65_532;

export interface ImageContents {
  readonly version: string;
  /** arm64, amd64. */
  readonly architecture: string;
  readonly timeS: number;
  readonly program: Uint8Array;
  readonly libraries: RuntimeLibraries;
  /** LICENSE, the licences of everything in the program, its bill of materials. */
  readonly papers: readonly Entry[];
}

function folder(name: string, mode: number, owner: number): Entry {
  return { name, content: new Uint8Array(), executable: false, mode, owner };
}

function layer({ program, libraries, papers }: ImageContents): readonly Entry[] {
  return withFolders([
    { name: "usr/bin/nodupe", content: program, executable: true },
    ...libraries.entries,
    ...papers.map((paper) => ({ ...paper, name: `usr/share/doc/nodupe/${paper.name}` })),
    textEntry(
      "etc/passwd",
      `root:x:0:0:root:/root:/sbin/nologin\nnodupe:x:${USER}:${USER}:nodupe:/data:/sbin/nologin\n`,
    ),
    textEntry("etc/group", `root:x:0:\nnodupe:x:${USER}:\n`),
    textEntry("etc/nsswitch.conf", "hosts: files dns\n"),
    // Mozilla's, from Bun's own list.
    textEntry("etc/ssl/certs/ca-certificates.crt", `${rootCertificates.join("\n")}\n`),
    folder("data/", 0o700, USER),
    folder("tmp/", 0o1777, 0),
  ]);
}

interface Blob {
  readonly digest: string;
  readonly content: Uint8Array;
}

function sha256(content: Uint8Array): string {
  return `sha256:${new Bun.CryptoHasher("sha256").update(content).digest("hex")}`;
}

function blob(content: Uint8Array): Blob {
  return { digest: sha256(content), content };
}

function jsonBlob(value: unknown): Blob {
  return blob(Buffer.from(JSON.stringify(value)));
}

function descriptor(mediaType: string, { digest, content }: Blob): Readonly<Record<string, unknown>> {
  return { mediaType: `application/vnd.oci.image.${mediaType}`, digest, size: content.length };
}

/** The image's metadata and how to run it: the store and a config file are in the volume /data. */
function configOf(contents: ImageContents, diffId: string): unknown {
  const { version, architecture, timeS, libraries } = contents;
  const created = new Date(timeS * 1_000).toISOString();
  return {
    created,
    architecture,
    ...(architecture === "arm64" ? { variant: "v8" } : {}),
    os: "linux",
    config: {
      User: `${USER}:${USER}`,
      Env: [
        "PATH=/usr/bin",
        "HOME=/data",
        "XDG_CONFIG_HOME=/data",
        "NODUPE_DB=/data/nodupe.db",
        "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt",
      ],
      Entrypoint: ["/usr/bin/nodupe"],
      Cmd: ["--help"],
      WorkingDir: "/data",
      Volumes: { "/data": {} },
      StopSignal: "SIGTERM",
      Labels: {
        "org.opencontainers.image.title": "nodupe",
        "org.opencontainers.image.version": version,
        "org.opencontainers.image.licenses": "MIT",
        "org.opencontainers.image.created": created,
        "nodupe.libc6": libraries.version,
      },
    },
    rootfs: { type: "layers", diff_ids: [diffId] },
    history: [{ created, created_by: "nodupe release" }],
  };
}

/**
 * The image as a tar archive in a layout that podman, skopeo and docker load can read; the same contents give the
 * same bytes.
 */
export function imageArchive(contents: ImageContents): Uint8Array {
  const { version, architecture, timeS } = contents;
  const unpacked = tar(layer(contents), timeS);
  const files = blob(gzip(unpacked, 6));
  const config = jsonBlob(configOf(contents, sha256(unpacked)));
  const manifest = jsonBlob({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: descriptor("config.v1+json", config),
    layers: [descriptor("layer.v1.tar+gzip", files)],
  });
  const index = {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [
      {
        ...descriptor("manifest.v1+json", manifest),
        platform: { architecture, os: "linux" },
        annotations: { "org.opencontainers.image.ref.name": version },
      },
    ],
  };
  const pathOf = ({ digest }: Blob): string => `blobs/${digest.replace(":", "/")}`;
  // For versions of docker load that do not know the layout.
  const docker = [{ Config: pathOf(config), RepoTags: [`nodupe:${version}`], Layers: [pathOf(files)] }];
  const json = (name: string, value: unknown): Entry => textEntry(name, JSON.stringify(value));
  const entries = [
    json("oci-layout", { imageLayoutVersion: "1.0.0" }),
    json("index.json", index),
    json("manifest.json", docker),
    ...[config, manifest, files].map((of) => ({
      name: pathOf(of),
      content: of.content,
      executable: false,
    })),
  ];
  return tar(withFolders(entries), timeS);
}
