import { expect, test } from "bun:test";
import { bundledPackages } from "../../build/release/bundled.ts";
import { publishedInstaller } from "../../build/release/installer.ts";
import { licences } from "../../build/release/licences.ts";
import { RUNTIME_COMPONENTS } from "../../build/release/runtime-components.ts";
import { BUN_VERSION } from "../../build/release/runtime.ts";
import { sbom } from "../../build/release/sbom.ts";
import { TARGETS } from "../../build/release/targets.ts";
import { VERSION } from "../../src/lib/version.ts";
import { makeKey } from "../support/install/release-server.ts";
import { tempFolder } from "../support/temp.ts";

test("bundled packages are listed with version, licence and integrity; development tools are not among them", async () => {
  const packages = await bundledPackages();
  const names = packages.map(({ name }) => name);
  expect(names).toContain("citty");
  expect(names).toContain("zod");
  expect(
    names.filter((name) => /^(bun-types|drizzle-kit|fast-check|esbuild|oxlint|knip)$/.test(name)),
  ).toEqual([]);
  const incomplete = packages.filter(
    ({ version, licence, integrity }) => version === "" || licence === "" || !integrity.startsWith("sha512-"),
  );
  expect(incomplete).toEqual([]);
});

test("the bill of materials lists everything, including Bun and its libraries, and has no dangling references", async () => {
  const packages = await bundledPackages();
  const [target] = TARGETS;
  if (target === undefined) throw new Error("there are no targets");
  const contents = { version: VERSION, timeS: 1_700_000_000, target, bunVersion: BUN_VERSION, packages };
  const text = sbom({ ...contents, runtimeComponents: RUNTIME_COMPONENTS });
  const bill: {
    bomFormat: string;
    specVersion: string;
    metadata: { timestamp: string; component: { "bom-ref": string } };
    components: { name: string; "bom-ref": string; hashes?: { content: string }[] }[];
    dependencies: { ref: string; dependsOn: string[] }[];
  } = JSON.parse(text);
  expect([bill.bomFormat, bill.specVersion, bill.metadata.timestamp]).toEqual([
    "CycloneDX",
    "1.6",
    "2023-11-14T22:13:20.000Z",
  ]);
  expect(bill.components.map(({ name }) => name)).toEqual([
    `@oven/${target.runtime}`,
    ...RUNTIME_COMPONENTS.map(({ name }) => name),
    ...packages.map(({ name }) => name),
  ]);
  const known = new Set([bill.metadata.component["bom-ref"], ...bill.components.map((of) => of["bom-ref"])]);
  expect(known.size).toBe(bill.components.length + 1);
  const dangling = bill.dependencies
    .flatMap(({ ref, dependsOn }) => [ref, ...dependsOn])
    .filter((ref) => !known.has(ref));
  expect(dangling).toEqual([]);
  const hashes = bill.components.flatMap(({ hashes: of = [] }) => of.map(({ content }) => content));
  expect(hashes.filter((hash) => !/^[0-9a-f]{128}$/.test(hash))).toEqual([]);
  expect(hashes).toHaveLength(packages.length + 1);
});

test("every library whose version Bun reports is among its components", () => {
  // Bun's own name, its compiler, and interfaces that it implements.
  const NO_LIBRARY = ["bun", "node", "openssl", "v8", "napi", "modules", "unicode", "zig"];
  const told = Object.keys(process.versions).filter((key) => !NO_LIBRARY.includes(key));
  const known = RUNTIME_COMPONENTS.map(({ versionKey }) => versionKey).filter((key) => key !== null);
  expect(known.toSorted()).toEqual(told.toSorted());
});

test("the licences contain a text for each package and component, and the LGPL that covers Bun's engine", async () => {
  const packages = await bundledPackages();
  const text = licences(packages, RUNTIME_COMPONENTS, BUN_VERSION);
  const missing = packages.filter(({ name, version }) => !text.includes(`\n${name} ${version} (`));
  expect(missing).toEqual([]);
  expect(text).toContain("GNU LESSER GENERAL PUBLIC LICENSE");
  for (const { name, licence, copyright } of RUNTIME_COMPONENTS) {
    expect(text).toMatch(new RegExp(`\\n  ${RegExp.escape(name)}( \\S+)?: ${RegExp.escape(licence)}\\n`));
    expect(text).toContain(copyright);
    for (const spdx of licence.split(/ (?:AND|WITH) /))
      expect(text).toContain(`\n${spdx.replace(/-(only|or-later)$/, "")}\n====`);
  }
  const unknown = {
    name: "x",
    version: "1.0.0",
    licence: "No-Such-Licence",
    integrity: "",
    licenceText: null,
  };
  expect(() => licences([unknown], [], BUN_VERSION)).toThrow("Cannot tell the licence of x");
});

test("the published installer contains the key and the address; the one in the repository has neither", () => {
  using folder = tempFolder();
  const { publicKey } = makeKey(folder.file("key.pem"));
  const script = publishedInstaller(publicKey, "https://example.org/nodupe");
  expect(script).toContain(`\nRELEASE_KEY='${publicKey}'\n`);
  expect(script).toContain("\nBASE_URL='https://example.org/nodupe'\n");
  expect(publishedInstaller(null, null)).toContain("\nBASE_URL=''\nRELEASE_KEY=''\n");
  expect(() => publishedInstaller("a'b", null)).toThrow("Cannot fill in install.sh");
});
