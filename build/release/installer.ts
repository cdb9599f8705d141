import { readFileSync } from "node:fs";
import { resolve } from "node:path";

const SOURCE = resolve(import.meta.dir, "../../install.sh");

function fill(script: string, name: string, value: string | null): string {
  const blank = `\n${name}=''\n`;
  if (!script.includes(blank)) throw new Error(`Cannot fill in install.sh: it has no line ${name}=''`);
  if (value !== null && !/^[A-Za-z0-9+/=:._~-]+$/.test(value)) {
    throw new Error(`Cannot fill in install.sh: ${name} is ${JSON.stringify(value)}`);
  }
  return script.replace(blank, `\n${name}='${value ?? ""}'\n`);
}

/** install.sh as published, with the release key and the publisher's address filled in. */
export function publishedInstaller(publicKey: string | null, baseUrl: string | null): string {
  const script = readFileSync(SOURCE, "utf8");
  return fill(fill(script, "RELEASE_KEY", publicKey), "BASE_URL", baseUrl);
}
