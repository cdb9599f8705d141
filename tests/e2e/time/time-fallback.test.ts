import { expect, test } from "bun:test";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { createAuthority } from "../../support/net/authority.ts";
import { IS_EMULATED, patient } from "../../support/emulation.ts";
import { ntpServer, silentServer } from "../../support/time/ntp.ts";
import { needs } from "../../support/programs.ts";
import { tempFolder } from "../../support/temp.ts";
import { nodupeTime } from "../../support/time/time-result.ts";

needs("openssl")("--fallback: HTTPS while NTP is silent, within the time-out and a second", async () => {
  using folder = tempFolder();
  const authority = await createAuthority(folder, "authority");
  using silent = await silentServer();
  const web = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls: await authority.issue("web"),
    fetch: () => new Response(null, { headers: { date: new Date(Date.now() + 3_600_000).toUTCString() } }),
  });
  const env = {
    NODUPE_TIME_HTTPS_SERVER: `https://127.0.0.1:${web.port},https://127.0.0.1:${web.port}/other`,
    NODUPE_TIME_HTTPS_CA: authority.path,
  };
  const timeoutS = IS_EMULATED ? 5 : 0.7;
  const args = ["--fallback", "--timeout", `${timeoutS}s`, "--server", silent.name];
  const { exitCode, json } = await nodupeTime(args, { env });
  expect(exitCode).toBe(0);
  expect(json).toMatchObject({ source: "https", authenticated: false, stratum: null });
  // The HTTPS servers are counted, not the one time server that was silent.
  expect(json).toMatchObject({ servers_asked: 2, servers_answered: 2, servers_agreeing: 2 });
  expect(Math.abs((json.offset_s ?? 0) - 3_600)).toBeLessThan(json.error_bound_s ?? 0);
  expect(json.error_bound_s).toBeGreaterThanOrEqual(1);
  expect(json.elapsed_s).toBeWithin(timeoutS - 0.01, timeoutS + patient(1));
  expect(json.passed_over).toEqual(["ntp: the server gave no valid answer"]);
  void web.stop(true);
});

test("--fallback asks no HTTPS server while NTP answers", async () => {
  using good = await ntpServer();
  let connections = 0;
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { open: () => void (connections += 1), data: () => undefined },
  });
  const env = { NODUPE_TIME_HTTPS_SERVER: `https://127.0.0.1:${listener.port}` };
  const { json } = await nodupeTime(["--fallback", "--server", good.name], { env });
  expect([json.source, connections]).toEqual(["ntp", 0]);
  listener.stop(true);
});

test("an HTTPS server that accepts and says nothing does not hold the command up", async () => {
  using silent = await silentServer();
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  const env = {
    NODUPE_TIME_HTTPS_SERVER: `https://127.0.0.1:${listener.port}`,
    NODUPE_TIME_LOCAL_SOURCE: "build",
  };
  const args = ["--fallback", "--timeout", "600ms", "--server", silent.name];
  const { exitCode, json } = await nodupeTime(args, { env });
  expect([exitCode, json.source]).toEqual([0, "build"]);
  expect(json.elapsed_s).toBeLessThan(0.6 + patient(1));
  expect(json.passed_over).toHaveLength(2);
  listener.stop(true);
});

test("--offline sends nothing, and takes the local sources in order", async () => {
  using folder = tempFolder();
  using server = await ntpServer();
  mkdirSync(folder.file("rtc0"));
  mkdirSync(folder.file("log"));
  const ahead = Math.floor(Date.now() / 1_000) + 100_000;
  for (const name of ["a.log", "b.log"]) {
    writeFileSync(folder.file("log", name), "");
    utimesSync(folder.file("log", name), ahead, ahead);
  }
  const env = {
    NODUPE_TIME_RTC: folder.file("rtc0"),
    NODUPE_TIME_TRUSTED_FILE: folder.file("fake-hwclock.data"),
    NODUPE_TIME_TRUSTED_FOLDER: folder.file("log"),
  };
  const args = ["--offline", "--server", server.name];
  const file = await nodupeTime(args, { env });
  expect([file.exitCode, file.json.source, file.json.servers]).toEqual([0, "file", []]);
  expect(file.json.offset_s).toBeWithin(99_990, 100_001);
  writeFileSync(folder.file("rtc0/since_epoch"), `${ahead}\n`);
  const rtc = await nodupeTime(args, { env });
  expect(rtc.json.source).toBe("rtc");
  expect(rtc.json.offset_s).toBeWithin(99_990, 100_002);
  expect(rtc.json.error_bound_s).toBeGreaterThanOrEqual(1);
  const none = await nodupeTime(args, { env: { NODUPE_TIME_LOCAL_SOURCE: "monotonic" } });
  expect([none.exitCode, none.json.source, none.json.offset_s, none.json.iso]).toEqual([
    0,
    "monotonic",
    null,
    null,
  ]);
  expect(server.requests).toBe(0);
});
