import { expect, test } from "bun:test";
import { until } from "../../support/until.ts";
import { type Boot, sureAgoMs, thisBoot } from "../../../src/upload/ledger/boot.ts";

const HERE: Boot = { id: "machine/boot 2", uptimeMs: () => 90_000 };

test("how long ago something was at least, whatever was done to the clock", () => {
  const table = [
    [{ boot: "machine/boot 2", uptimeMs: 60_000 }, 30_000],
    [{ boot: "machine/boot 2", uptimeMs: 99_000 }, 0],
    [{ boot: "machine/boot 1", uptimeMs: 86_400_000 }, 90_000],
    [{ boot: "another/boot 2", uptimeMs: 10 }, 0],
    [{ boot: null, uptimeMs: null }, 0],
  ] as const;
  expect(table.map(([moment]) => sureAgoMs(moment, HERE))).toEqual(table.map(([, agoMs]) => agoMs));
  expect(sureAgoMs({ boot: "machine/boot 2", uptimeMs: 60_000 }, { ...HERE, id: null })).toBe(0);
});

test("this machine tells its boot, and its uptime goes on", async () => {
  const { id, uptimeMs } = thisBoot();
  expect(id).toMatch(/^[0-9a-f]{12}\/[0-9a-f-]{36}$/);
  expect(thisBoot().id).toBe(id);
  const before = uptimeMs();
  await until(() => uptimeMs() > before, "the uptime has gone on");
  expect(Math.abs(uptimeMs() - thisBoot().uptimeMs())).toBeLessThan(5_000);
});
