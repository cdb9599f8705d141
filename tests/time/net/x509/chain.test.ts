import { expect } from "bun:test";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { certifiesHost, verifyChain } from "../../../../src/time/net/x509/chain.ts";
import { type Authority, createAuthority, type IssueOptions } from "../../../support/net/authority.ts";
import { needs } from "../../../support/programs.ts";
import { type TempFolder, tempFolder } from "../../../support/temp.ts";

const withOpenssl = needs("openssl");
const HOST = "DNS:time.example,DNS:*.pool.example,IP:192.0.2.7,IP:2001:db8::7";
/** A server's extensions besides its names. */
const server = (...more: readonly string[]): IssueOptions => ({
  extensions: ["basicConstraints = CA:FALSE", `subjectAltName = ${HOST}`, ...more],
});
const authority = (...lines: readonly string[]): IssueOptions => ({
  extensions: ["keyUsage = critical,keyCertSign", ...lines],
});

function certificates(pem: string): X509Certificate[] {
  return (pem.match(/-----BEGIN[^]*?END CERTIFICATE-----/g) ?? []).map((each) => new X509Certificate(each));
}

interface Case {
  readonly root: Authority;
  readonly chain: string;
  readonly host?: string;
}

function verdict({ root, chain, host = "time.example" }: Case): string {
  const roots = certificates(readFileSync(root.path, "utf8"));
  const found = verifyChain(certificates(chain), host, roots);
  return found.ok ? "ok" : found.reason;
}

const plain = (lines: readonly string[]): IssueOptions => ({ extensions: lines });

async function roots(folder: TempFolder): Promise<readonly [Authority, Authority]> {
  return Promise.all([createAuthority(folder, "root"), createAuthority(folder, "stranger")]);
}

withOpenssl(
  "a chain that holds: whatever its dates, in any order, with what does not belong to it",
  async () => {
    using folder = tempFolder();
    const [root, stranger] = await roots(folder);
    const sub = await root.subordinate("sub", { from: "19900101000000Z", to: "20400101000000Z" });
    const direct = await root.issue("direct", server());
    const { cert } = await sub.issue("leaf", {
      ...server("extendedKeyUsage = serverAuth", "keyUsage = critical,digitalSignature"),
      from: "20200101000000Z",
      to: "20500101000000Z",
    });
    expect(verdict({ root, chain: direct.cert })).toBe("ok");
    const [leaf, middle] = certificates(cert);
    const [root509] = certificates(readFileSync(root.path, "utf8"));
    const [other] = certificates(readFileSync(stranger.path, "utf8"));
    if (leaf === undefined || middle === undefined || root509 === undefined || other === undefined)
      throw new Error("certificates are missing");
    // The intersection of the whole chain's periods: from the leaf's start to the authority's end.
    const span = { ok: true, notBeforeMs: Date.UTC(2020, 0), notAfterMs: Date.UTC(2040, 0) } as const;
    for (const chain of [
      [leaf, middle],
      [leaf, other, middle],
      [leaf, root509, middle],
      [leaf, leaf, middle],
    ]) {
      expect(verifyChain(chain, "time.example", [other, root509])).toEqual(span);
    }
    for (const host of ["TIME.example", "a.pool.example", "192.0.2.7", "2001:db8::7", "time.example."])
      expect([host, verdict({ root, chain: cert, host })]).toEqual([host, "ok"]);
    for (const host of ["pool.example", "a.b.pool.example", "xtime.example", "192.0.2.8", "2001:db8::8"])
      expect([host, verdict({ root, chain: cert, host })]).toEqual([
        host,
        `its certificate is not for ${host}`,
      ]);
    expect(certifiesHost(leaf, "192.0.2.7")).toBe(true);
  },
);

withOpenssl("each fault of a server's own certificate is refused with its reason", async () => {
  using folder = tempFolder();
  const [root, stranger] = await roots(folder);
  const leaf = async (name: string, ...more: readonly string[]): Promise<string> =>
    verdict({ root, chain: (await root.issue(name, server(...more))).cert });
  const untrusted = "its certificate leads to no authority that is trusted here";
  expect(verdict({ root: stranger, chain: (await root.issue("unknown", server())).cert })).toBe(untrusted);
  expect(await leaf("client", "extendedKeyUsage = clientAuth")).toBe(
    "a certificate of its chain is not for servers",
  );
  expect(await leaf("any", "extendedKeyUsage = anyExtendedKeyUsage")).toBe(
    "a certificate of its chain is not for servers",
  );
  expect(await leaf("agree", "keyUsage = critical,keyAgreement")).toBe(
    "its certificate is not for signatures",
  );
  expect(await leaf("odd", "1.2.3.4 = critical,ASN1:UTF8String:secret")).toBe(
    "a certificate of its chain has a critical extension that is not known (1.2.3.4)",
  );
  expect(await leaf("harmless", "1.2.3.4 = ASN1:UTF8String:secret")).toBe("ok");
  const nameless = await root.issue("time.example", plain(["basicConstraints = CA:FALSE"]));
  expect(verdict({ root, chain: nameless.cert })).toBe("its certificate is not for time.example");
  expect(verdict({ root, chain: "" })).toBe("it sent no certificate");
});

withOpenssl("each fault of an authority between is refused with its reason", async () => {
  using folder = tempFolder();
  const [root] = await roots(folder);
  const through = async (name: string, ...lines: readonly string[]): Promise<string> => {
    const sub = await root.subordinate(name, authority(...lines));
    return verdict({ root, chain: (await sub.issue(`${name}-leaf`, server())).cert });
  };
  const ca = "basicConstraints = critical,CA:TRUE";
  expect(await through("fine", ca)).toBe("ok");
  expect(await through("servers", ca, "extendedKeyUsage = serverAuth")).toBe("ok");
  expect(await through("clients", ca, "extendedKeyUsage = clientAuth")).toBe(
    "a certificate of its chain is not for servers",
  );
  // OpenSSL's checkIssued considers keyUsage itself, so such a chain leads nowhere.
  const noAuthority = /not an authority's|no authority that is trusted/;
  expect(await through("leaf", "basicConstraints = CA:FALSE")).toMatch(noAuthority);
  expect(await through("silent")).toMatch(noAuthority);
  const crlOnly = await root.subordinate("crl", plain([ca, "keyUsage = critical,cRLSign"]));
  expect(verdict({ root, chain: (await crlOnly.issue("crl-leaf", server())).cert })).toMatch(noAuthority);
  expect(await through("odd", ca, "1.2.3.4 = critical,ASN1:NULL")).toContain("(1.2.3.4)");

  const short = await root.subordinate("short", authority("basicConstraints = critical,CA:TRUE,pathlen:0"));
  expect(verdict({ root, chain: (await short.issue("near", server())).cert })).toBe("ok");
  const beyond = await short.subordinate("beyond");
  expect(verdict({ root, chain: (await beyond.issue("far", server())).cert })).toBe(
    "its chain is longer than an authority of it allows",
  );
});

withOpenssl("name constraints: permitted and excluded, names and addresses", async () => {
  using folder = tempFolder();
  const [root] = await roots(folder);
  const constrained = async (name: string, constraints: string, names: string): Promise<string> => {
    const line = `nameConstraints = critical,${constraints}`;
    const sub = await root.subordinate(name, authority("basicConstraints = critical,CA:TRUE", line));
    const { cert } = await sub.issue(`${name}-leaf`, plain([`subjectAltName = ${names}`]));
    const host = /^(?:DNS|IP):([^,]*)/.exec(names)?.[1] ?? "";
    return verdict({ root, chain: cert, host: host.replace("*", "a") });
  };
  const violated = "its chain has a name that an authority of it may not certify";
  const table: readonly (readonly [string, string, string])[] = [
    ["permitted;DNS:example", "DNS:time.example", "ok"],
    ["permitted;DNS:time.example", "DNS:time.example", "ok"],
    ["permitted;DNS:other.example", "DNS:time.example", violated],
    ["permitted;DNS:example", "DNS:time.example,DNS:time.test", violated],
    ["permitted;DNS:.time.example", "DNS:time.example", violated],
    ["excluded;DNS:example", "DNS:time.example", violated],
    ["excluded;DNS:other.example", "DNS:time.example", "ok"],
    ["excluded;DNS:b.pool.example", "DNS:*.pool.example", violated],
    ["permitted;DNS:example", "IP:192.0.2.7", "ok"],
    ["permitted;IP:192.0.2.0/255.255.255.0", "IP:192.0.2.7", "ok"],
    ["permitted;IP:192.0.2.0/255.255.255.0", "IP:192.0.3.7", violated],
    ["excluded;IP:0.0.0.0/0.0.0.0", "IP:192.0.2.7", violated],
    ["excluded;IP:2001:db8::/ffff:ffff::", "IP:2001:db8::7", violated],
    ["excluded;IP:2001:db8::/ffff:ffff::", "IP:192.0.2.7", "ok"],
    ["permitted;email:example", "DNS:time.example,email:a@example", violated],
    ["permitted;email:example", "DNS:time.example", "ok"],
  ];
  let index = 0;
  for (const [constraints, names, expected] of table) {
    index += 1;
    const found = await constrained(`c${index}`, constraints, names);
    expect([constraints, names, found]).toEqual([constraints, names, expected]);
  }
});
