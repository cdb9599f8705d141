import { expect } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { readCa } from "../../../src/cli/access/certificates.ts";
import { failureOf } from "../../support/failure-of.ts";
import { createAuthority } from "../../support/net/authority.ts";
import { needs } from "../../support/programs.ts";
import { tempFolder } from "../../support/temp.ts";

needs("openssl")(
  "a CA file holds certificates, all of them whole, or is refused with the reason",
  async () => {
    using folder = tempFolder();
    const { path } = await createAuthority(folder, "authority");
    const pem = readFileSync(path, "utf8");
    const key = readFileSync(folder.file("authority.key"), "utf8");
    const file = folder.file("ca.pem");
    const read = (text: string): string | null => {
      writeFileSync(file, text);
      return readCa(file);
    };
    const good = [pem, pem + pem, `# The office's own\n${pem}`, pem.replaceAll("\n", "\r\n"), key + pem];
    for (const text of good) expect(read(text)).toBe(text);
    const none = `the CA file ${file} holds no certificate; expected certificates in PEM`;
    for (const text of ["", "vm-1\n", key])
      expect(failureOf(() => read(text))).toMatchObject({ kind: "usage", message: none });
    for (const [text, number] of [
      [pem.slice(0, 200), 1],
      [pem + pem.slice(0, 200), 2],
      [pem.slice(0, 200) + pem, 1],
      [`${pem}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n${pem}`, 2],
    ] as const) {
      const message = `certificate ${number} in the CA file ${file} is damaged`;
      expect(failureOf(() => read(text))).toMatchObject({ kind: "usage", message });
    }
  },
);
