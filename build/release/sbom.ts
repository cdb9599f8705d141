import type { Bundled } from "./bundled.ts";
import { type Component, versionOf } from "./runtime-components.ts";
import type { Target } from "./targets.ts";

export interface Contents {
  readonly version: string;
  readonly timeS: number;
  readonly target: Target;
  readonly bunVersion: string;
  readonly packages: readonly Bundled[];
  readonly runtimeComponents: readonly Component[];
}

/** `sha512-…` in base64 → hex, as in CycloneDX. */
function hash(integrity: string): { alg: string; content: string } {
  return {
    alg: "SHA-512",
    content: Buffer.from(integrity.replace(/^sha512-/, ""), "base64").toString("hex"),
  };
}

function npmUrl(name: string, version: string): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

function npmComponent(name: string, version: string, licence: string, integrity: string): object {
  const reference = npmUrl(name, version);
  return {
    type: "library",
    "bom-ref": reference,
    name,
    version,
    purl: reference,
    licenses: [{ expression: licence }],
    hashes: [hash(integrity)],
  };
}

function runtimeComponent(component: Component): object {
  const { name, licence, copyright, source } = component;
  const version = versionOf(component);
  return {
    type: "library",
    "bom-ref": `runtime:${name}`,
    name,
    ...(version === null ? {} : { version }),
    licenses: [{ expression: licence }],
    copyright,
    externalReferences: [{ type: "vcs", url: source }],
  };
}

/** A CycloneDX 1.6 bill of materials for one binary; the same contents give the same bytes. */
export function sbom(contents: Contents): string {
  const { version, target, bunVersion, packages, runtimeComponents } = contents;
  const self = `pkg:generic/nodupe@${version}?target=${target.name}`;
  const runtime = npmUrl(`@oven/${target.runtime}`, bunVersion);
  const bill = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      timestamp: new Date(contents.timeS * 1_000).toISOString(),
      component: {
        type: "application",
        "bom-ref": self,
        name: "nodupe",
        version,
        purl: self,
        licenses: [{ expression: "MIT" }],
      },
    },
    components: [
      npmComponent(`@oven/${target.runtime}`, bunVersion, "MIT", target.integrity),
      ...runtimeComponents.map(runtimeComponent),
      ...packages.map(({ name, version: of, licence, integrity }) =>
        npmComponent(name, of, licence, integrity),
      ),
    ],
    dependencies: [
      { ref: self, dependsOn: [runtime, ...packages.map(({ name, version: of }) => npmUrl(name, of))] },
      { ref: runtime, dependsOn: runtimeComponents.map(({ name }) => `runtime:${name}`) },
    ],
    // Bun does not say which Rust crates are in a build.
    compositions: [
      { aggregate: "complete", assemblies: [self] },
      { aggregate: "incomplete", assemblies: [runtime] },
    ],
  };
  return `${JSON.stringify(bill, null, 2)}\n`;
}
