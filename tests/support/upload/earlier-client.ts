import { basename } from "node:path";
import { runCommand } from "../run.ts";

/** The earlier client's counts. */
export interface EarlierRun {
  readonly uploaded: number;
  readonly known: number;
  readonly failed: number;
}

/**
 * Behaves towards a server as the earlier client does: a check before each upload, a new connection for each
 * request, and only 200 counts as success. Uses curl.
 */
export async function uploadAsEarlierClient(
  server: { readonly url: string; readonly apiKey: string },
  paths: readonly string[],
): Promise<EarlierRun> {
  const ask = async (path: string, ...args: readonly string[]): Promise<{ status: number; body: string }> => {
    const headers = ["-H", `X-Tanova-API-Key: ${server.apiKey}`, "-H", "Connection: close"];
    const format = ["-s", "--noproxy", "*", "-w", "\n%{http_code}"];
    const { stdout } = await runCommand(["curl", ...format, ...headers, ...args, `${server.url}${path}`]);
    const at = stdout.lastIndexOf("\n");
    return { status: Number(stdout.slice(at + 1)), body: stdout.slice(0, at) };
  };
  const counts = { uploaded: 0, known: 0, failed: 0 };
  for (const path of paths) {
    const checksum = new Bun.CryptoHasher("sha256").update(await Bun.file(path).bytes()).digest("hex");
    const question = ["-H", "Content-Type: application/json", "-d", JSON.stringify({ checksum })];
    const check = await ask("/api/sync/check-duplicate", ...question);
    const { exists } = JSON.parse(check.body) as { exists?: boolean };
    if (check.status === 200 && exists === true) {
      counts.known += 1;
      continue;
    }
    const form = ["-F", `checksum=${checksum}`, "-F", `file=@${path};filename=${basename(path)}`];
    const { status, body } = await ask("/api/sync/upload", ...form);
    if (status === 200 && (JSON.parse(body) as { candidateId?: string }).candidateId !== undefined)
      counts.uploaded += 1;
    else counts.failed += 1;
  }
  return counts;
}
