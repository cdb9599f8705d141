import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { inittabLine, openrcScript } from "../../src/render/init-script.ts";
import { type ServicePlan, SERVICES, serviceCommand, systemdUnits } from "../../src/render/service-unit.ts";
import { needs } from "../support/programs.ts";
import { runCommand } from "../support/run.ts";
import { tempFolder } from "../support/temp.ts";

const PLAN: ServicePlan = {
  service: "sync",
  scope: "system",
  program: "/usr/bin/env",
  args: ["/srv/CVs of 100% & $HOME", "--workers", "5"],
  runAs: { type: "user", name: "daemon" },
  reads: ["/srv/CVs of 100% & $HOME"],
  groups: [],
  secrets: { "api-key": "/etc/nodupe/api key", shared: "/etc/nodupe/shared" },
};

const NO_SECRETS = { "api-key": null, shared: null };

const textOf = (plan: ServicePlan): string => systemdUnits(plan)[0]?.text ?? "";

test("command-line words reach the job unchanged", () => {
  expect(textOf(PLAN)).toContain(
    'ExecStart=/usr/bin/env sync --watch --api-key-file %d/api-key --shared-file %d/shared "/srv/CVs of 100%% & $$HOME" --workers 5\n',
  );
  expect(textOf(PLAN)).toContain(
    "LoadCredential=api-key:/etc/nodupe/api key\nLoadCredential=shared:/etc/nodupe/shared\n",
  );
});

test("mounts are named without variables, a folder in /tmp stays visible, and a service that is stopped has not failed", () => {
  const text = textOf(PLAN);
  expect(text).toContain('RequiresMountsFor="/srv/CVs of 100%% & $HOME"\n');
  expect(text).toContain("PrivateTmp=yes\n");
  expect(text).toContain("SuccessExitStatus=130 143\n");
  expect(textOf({ ...PLAN, reads: ["/var/tmp/cvs"] })).not.toContain("PrivateTmp");
});

test("a log readable by a group adds that group", () => {
  const ingest: ServicePlan = { ...PLAN, service: "ingest", runAs: { type: "dynamic" }, groups: ["adm"] };
  expect(textOf(ingest)).toContain("\nSupplementaryGroups=adm\n");
  expect(textOf({ ...ingest, scope: "user" })).not.toContain("SupplementaryGroups");
  expect(textOf(PLAN)).not.toContain("SupplementaryGroups");
});

test("a user's unit belongs to the session and has no privileges to drop", () => {
  const text = textOf({ ...PLAN, scope: "user" });
  expect(text).toContain("WantedBy=default.target");
  expect(text).not.toMatch(/^(User|StateDirectory|CapabilityBoundingSet)=/m);
});

test("root keeps the two capabilities needed to read others' files", () => {
  expect(textOf({ ...PLAN, runAs: { type: "user", name: "root" } })).toContain(
    "CapabilityBoundingSet=CAP_DAC_READ_SEARCH CAP_LEASE\n",
  );
});

test("code generation at run time is never forbidden", () => {
  for (const service of SERVICES)
    expect(textOf({ ...PLAN, service })).not.toContain("MemoryDenyWriteExecute");
});

/** The highest exposure that systemd-analyze may report, in tenths. */
const MOST_EXPOSED = { sync: 15, serve: 15, ingest: 15, time: 26 } as const;

for (const service of SERVICES) {
  needs("systemd-analyze")(
    `systemd takes the units of ${service}, and finds them closed enough`,
    async () => {
      using folder = tempFolder();
      for (const { name, text } of systemdUnits({ ...PLAN, service, secrets: NO_SECRETS })) {
        const path = folder.file(name);
        writeFileSync(path, text);
        const verified = await runCommand(["systemd-analyze", "verify", "--man=no", path]);
        // Other units of the machine may have faults of their own.
        const faults = verified.stderr.split("\n").filter((line) => line.includes(name));
        expect(faults).toEqual([]);
        const threshold = `--threshold=${MOST_EXPOSED[service]}`;
        const judged = await runCommand(["systemd-analyze", "security", "--offline=true", threshold, path]);
        expect({
          name,
          exitCode: judged.exitCode,
          last: judged.stdout.trim().split("\n").at(-1),
        }).toMatchObject({
          name,
          exitCode: 0,
        });
      }
    },
  );
}

test("OpenRC and busybox get the same command", () => {
  const command = serviceCommand({ ...PLAN, args: ["/srv/it's"] });
  expect(command).toEqual([
    "/usr/bin/env",
    "sync",
    "--watch",
    "--api-key-file",
    "/etc/nodupe/api key",
    "--shared-file",
    "/etc/nodupe/shared",
    "/srv/it's",
  ]);
  const init = { service: "sync", command, user: "daemon" };
  expect(openrcScript(init)).toContain("command_user='daemon'\n");
  expect(inittabLine({ ...init, user: "root" })).toBe(
    `::respawn:/usr/bin/env sync --watch --api-key-file '/etc/nodupe/api key' --shared-file /etc/nodupe/shared '/srv/it'\\''s'\n`,
  );
});

needs("dash")("a shell can parse the OpenRC script", async () => {
  const script = openrcScript({ service: "sync", command: serviceCommand(PLAN), user: "daemon" });
  const run = await runCommand(["dash", "-n"], { stdin: script });
  expect(run).toEqual({ exitCode: 0, stdout: "", stderr: "" });
});
