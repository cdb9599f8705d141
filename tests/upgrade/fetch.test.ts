import { expect, test } from "bun:test";
import { messageOf } from "../../src/lib/errors.ts";
import { fetchBytes } from "../../src/upgrade/fetch.ts";

test("a server that nobody runs is told in plain words, with the file that was wanted", async () => {
  const closed = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  const url = new URL(`http://127.0.0.1:${closed.port}/SHA256SUMS`);
  closed.stop(true);
  const options = { signal: new AbortController().signal, silenceMs: 30_000, maxBytes: 1_000 };
  expect(await fetchBytes(url, options).catch(messageOf)).toBe(
    `cannot download ${url.href}: connection refused; nothing was changed`,
  );
});
