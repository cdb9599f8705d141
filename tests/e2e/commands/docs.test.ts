import { afterAll, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type DocsMachine, type DocsWorld, docsWorld } from "../../support/docs/docs-world.ts";
import { type Fence, fencesOf, namedFile } from "../../support/docs/fenced.ts";
import { needs } from "../../support/programs.ts";
import { cleanEnvironment, runCommand } from "../../support/run.ts";
import { until } from "../../support/until.ts";

const ROOT = join(import.meta.dir, "../../..");
const PAGES = [
  "README.md",
  ...readdirSync(join(ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

/** What the blocks of the pages, and the world that they are tried in, start. */
const PROGRAMS = ["dash", "logrotate", "promtool", "systemd-analyze", "redis-server", "redis-cli", "openssl"];

let world: Promise<DocsWorld> | null = null;
afterAll(async () => (await world)?.[Symbol.asyncDispose]());

/** A machine of its own in the world that all pages share, which is made for the first one. */
async function freshMachine(): Promise<DocsMachine> {
  world ??= docsWorld();
  return (await world).machine();
}

/** A block that neither ends nor is said to stay. */
const LONGEST_S = 60;

/** What installs programs is tried by these, on machines made for it. */
const INSTALLING: readonly (readonly [command: RegExp, test: string])[] = [
  [/^curl .*\binstall\.sh \| /, "tests/e2e/install/install-download.test.ts"],
  [/^(sudo )?\.\/install\.sh\b/, "tests/e2e/install/install-checkout.test.ts"],
  [/^(sudo )?(apt install|podman load) /, "tests/fresh"],
  [/^\.\/build\/check\.sh$/, "build/check.sh"],
];

type Tried = readonly [code: number, said: string];

async function runShell(
  text: string,
  machine: DocsMachine,
  env: Readonly<Record<string, string>>,
): Promise<Tried> {
  const given = Object.entries(env).map(([key, value]) => `${key}=${value}`);
  const command = ["env", "-i", ...given, "timeout", `${LONGEST_S}`, "dash", "-eu", "-c", text];
  const { exitCode, stdout, stderr } = await runCommand(command, { cwd: machine.home });
  return [exitCode, stdout + stderr];
}

/** Each command of a block that goes on: at work once it has its store open, or prints; then it ends by a signal. */
async function tryStaying(text: string, machine: DocsMachine): Promise<void> {
  for (const line of text.split("\n")) await tryStayingCommand(line.replace(/\s+#.*$/, ""), machine);
}

async function tryStayingCommand(command: string, machine: DocsMachine): Promise<void> {
  const child = Bun.spawn(["dash", "-c", `exec ${command}`], {
    cwd: machine.home,
    env: cleanEnvironment(machine.env),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  let said = "";
  const saying = [child.stdout, child.stderr].map(async (stream) => {
    for await (const bytes of stream) said += new TextDecoder().decode(bytes);
  });
  const hasStore = (): boolean => {
    const folder = `/proc/${child.pid}/fd`;
    return readdirSync(folder).some((fd) => {
      try {
        return readlinkSync(join(folder, fd)).endsWith("nodupe.db");
      } catch {
        return false;
      }
    });
  };
  await until(() => child.exitCode !== null || said !== "" || hasStore(), `${command} is at work`, 20_000);
  child.kill("SIGTERM");
  const code = await child.exited;
  await Promise.all(saying);
  expect({ command, code, said: code === 143 ? "" : said }).toEqual({ command, code: 143, said: "" });
}

/** What is tried elsewhere has to be there: the command's words, and each of its flags. */
function expectElsewhere({ text }: Fence, test: string): void {
  expect(existsSync(join(ROOT, test))).toBe(true);
  const source = readFileSync(join(ROOT, test), "utf8");
  const words = [...text.matchAll(/nodupe ([a-z]+)(?: ([a-z]+))?/g)].flatMap(([, first = "", second]) =>
    ["service", "nodes", "history", "config"].includes(first) && second !== undefined
      ? [first, second]
      : [first],
  );
  const flags = [...text.matchAll(/(?<=\s)--[a-z-]+/g)].map(([flag]) => flag);
  const scripts = [...text.matchAll(/[\w-]+\.sh/g)].map(([name]) => name);
  const missing = [...words, ...flags, ...scripts].filter((word) => !source.includes(word));
  expect({ test, text, missing }).toEqual({ test, text, missing: [] });
}

/** The lines of a crontab as cron runs them. */
async function tryCrontab(text: string, machine: DocsMachine): Promise<void> {
  const cron: Record<string, string> = {
    ...machine.env,
    PATH: "/usr/bin:/bin",
    LOGNAME: "me",
    SHELL: "/bin/sh",
  };
  for (const line of text.split("\n")) {
    const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) cron[name] = value;
    const command = /^(?:[\d*/,-]+\s+){5}(.*)$/.exec(line)?.[1];
    if (command === undefined) expect(line).toMatch(/^(#.*|[A-Z_]+=.*|)$/);
    else
      expect([command, ...(await runShell(machine.here(command), machine, cron))]).toEqual([command, 0, ""]);
  }
}

/** A unit is checked by systemd, and what it starts is run, its credential and its state where they are here. */
async function tryUnits(fences: readonly Fence[], machine: DocsMachine): Promise<void> {
  const files = fences.map(({ text }) => {
    const file = machine.folder.file(namedFile(text));
    writeFileSync(file, `${machine.here(text)}\n`);
    return file;
  });
  const verified = await runCommand(["systemd-analyze", "verify", "--man=no", ...files]);
  expect([verified.exitCode, verified.stdout + verified.stderr]).toEqual([0, ""]);
  for (const file of files) {
    const command = /^ExecStart=(.*)$/m.exec(readFileSync(file, "utf8"))?.[1];
    if (command === undefined) continue;
    const here = command.replaceAll("%S", machine.home).replaceAll("%d", machine.folder.file("etc/nodupe"));
    expect(await runShell(here, machine, machine.env)).toEqual([0, expect.any(String)]);
  }
}

async function tryLogrotate(text: string, machine: DocsMachine): Promise<void> {
  const [config, state] = [machine.folder.file("rotate.conf"), machine.folder.file("rotate.state")];
  // A hard link would be refused: the log is copied.
  for (const node of [1, 2]) {
    const log = machine.folder.file(`var/log/storagenode-${node}.log`);
    const content = readFileSync(log);
    await Bun.file(log).delete();
    writeFileSync(log, content, { mode: 0o600 });
  }
  writeFileSync(config, `${machine.here(text)}\n`, { mode: 0o644 });
  const run = await runCommand(["logrotate", "--force", "--state", state, config], {
    env: { ...machine.env, PATH: `${machine.env["PATH"]}:/usr/sbin` },
  });
  expect(run).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  const listed = await runShell("nodupe nodes list", machine, machine.env);
  expect(listed[1]).toContain("pi-1");
}

interface Sensor {
  readonly command?: string;
  readonly value_template?: string;
  readonly json_attributes?: readonly string[];
}

/** The keys that a template reads are those that the command, or the address, answers. */
function expectKeys(of: Sensor, answer: Record<string, unknown>): void {
  const read = [...(of.value_template ?? "").matchAll(/value_json\.(\w+)/g)].map((match) => match[1] ?? "");
  expect(read.length).toBeGreaterThan(0);
  expect([...read, ...(of.json_attributes ?? [])].filter((key) => !(key in answer))).toEqual([]);
}

async function tryHomeAssistant(text: string, machine: DocsMachine): Promise<void> {
  const config = Bun.YAML.parse(machine.here(text)) as {
    command_line?: Record<string, Sensor>[];
    rest?: { resource: string; sensor: Sensor[]; binary_sensor: Sensor[] }[];
  };
  for (const sensor of (config.command_line ?? []).flatMap((entry) => Object.values(entry))) {
    const [code, said] = await runShell(sensor.command ?? "", machine, machine.env);
    expect(code).toBe(0);
    expectKeys(sensor, JSON.parse(said) as Record<string, unknown>);
  }
  for (const { resource, sensor, binary_sensor } of config.rest ?? []) {
    const answer = (await (await fetch(resource)).json()) as Record<string, unknown>;
    for (const of of [...sensor, ...binary_sensor]) expectKeys(of, answer);
  }
}

async function tryYaml(text: string, machine: DocsMachine): Promise<void> {
  const name = namedFile(text);
  if (name === "configuration.yaml") return tryHomeAssistant(text, machine);
  writeFileSync(machine.folder.file(name), `${machine.here(text)}\n`);
  const what = name === "prometheus.yml" ? "config" : "rules";
  const run = await runCommand(["promtool", "check", what, machine.folder.file(name)]);
  expect([run.exitCode, run.stderr]).toEqual([0, ""]);
}

async function tryToml(text: string, machine: DocsMachine): Promise<void> {
  const file = machine.folder.file("config.toml");
  writeFileSync(file, `${machine.here(text)}\n`, { mode: 0o600 });
  const run = await runShell(`nodupe config check --config ${file}`, machine, machine.env);
  expect(run).toEqual([0, `${file} is valid\n`]);
}

async function tryFence(fence: Fence, machine: DocsMachine): Promise<void> {
  const { language, text, how } = fence;
  if (how.type === "elsewhere") return expectElsewhere(fence, how.test);
  if (how.type === "stays") return tryStaying(machine.here(text), machine);
  switch (language) {
    case "sh": {
      const installed = INSTALLING.find(([command]) => command.test(text));
      if (installed !== undefined && fence.page === "README.md") {
        expect(existsSync(join(ROOT, installed[1]))).toBe(true);
        return;
      }
      const [code, said] = await runShell(machine.here(text), machine, machine.env);
      const expected = [how.code, code === how.code ? said : ""];
      expect([`${fence.page}:${fence.line}`, code, said]).toEqual([
        `${fence.page}:${fence.line}`,
        ...expected,
      ]);
      return;
    }
    case "crontab":
      return tryCrontab(text, machine);
    case "logrotate":
      return tryLogrotate(text, machine);
    case "yaml":
      return tryYaml(text, machine);
    case "toml":
      return tryToml(text, machine);
    default:
      throw new Error(`${fence.page}:${fence.line}: nothing tries a block of ${language}`);
  }
}

for (const page of PAGES) {
  // Output has no language; units are tried together, since they refer to each other.
  const fences = fencesOf(page, readFileSync(join(ROOT, page), "utf8")).filter(
    ({ language }) => language !== "",
  );
  const units = fences.filter(({ language }) => language === "ini");
  needs(...PROGRAMS)(
    `${page}: every block does what the page says (${fences.length})`,
    async () => {
      using machine = await freshMachine();
      for (const fence of fences) if (fence.language !== "ini") await tryFence(fence, machine);
      if (units.length > 0) await tryUnits(units, machine);
    },
    120_000,
  );
}

test("a comment that says nothing known is refused", () => {
  expect(() => fencesOf("x.md", "<!-- try: later -->\n```sh\ntrue\n```\n")).toThrow(
    "says nothing that is known",
  );
});

needs(...PROGRAMS)("a block that nothing tries is refused", async () => {
  const [fence] = fencesOf("x.md", "```python\npass\n```\n");
  if (fence === undefined) throw new Error("there is a block");
  using machine = await freshMachine();
  expect(tryFence(fence, machine)).rejects.toThrow("nothing tries a block of python");
});

test("links between the pages lead somewhere", () => {
  const broken = PAGES.flatMap((page) => {
    const folder = join(ROOT, page, "..");
    return [...readFileSync(join(ROOT, page), "utf8").matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)]
      .map((match) => match[1] ?? "")
      .filter((target) => !existsSync(join(folder, target)))
      .map((target) => `${page}: ${target}`);
  });
  expect(broken).toEqual([]);
});
