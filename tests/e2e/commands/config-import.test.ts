import { expect, test } from "bun:test";
import { statSync, writeFileSync } from "node:fs";
import { nodupe } from "../../support/run.ts";
import { tempFolder } from "../../support/temp.ts";

test("the earlier client's config becomes ours, the key masked when shown", async () => {
  using home = tempFolder();
  const source = home.file("tanova-config.json");
  const earlier = {
    folder_path: "/srv/cvs",
    api_key: "tanova_sk_abc",
    tanova_url: "https://tanova.example/",
    retry_count: 4,
    retry_delay: 2.5,
    max_workers: 7,
    log_level: "INFO",
  };
  writeFileSync(source, JSON.stringify(earlier));
  const env = { HOME: home.path };
  const file = home.file(".config", "nodupe", "config.toml");
  const run = await nodupe(["config", "import", source], { env });
  expect(run).toEqual({
    exitCode: 0,
    stdout: `wrote ${file} with folder, api_key, url, retries, retry_delay, workers from ${source}\n`,
    stderr: "",
  });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const show = await nodupe(["config", "show", "sync", "--json"], { env });
  const settings: { key: string; value: unknown; source: string }[] = JSON.parse(show.stdout).settings;
  const fromFile = settings
    .filter((setting) => setting.source === "file")
    .map(({ key, value }) => [key, value]);
  expect(Object.fromEntries(fromFile)).toEqual({
    "sync.folder": "/srv/cvs",
    "sync.workers": 7,
    "sync.retries": 4,
    "sync.retry_delay": 2_500,
    "sync.url": "https://tanova.example/",
    "sync.api_key": "********",
  });
  expect(show.stdout + show.stderr).not.toContain("tanova_sk_abc");
});

test("what is no such file is refused with all its faults, and nothing is written", async () => {
  using home = tempFolder();
  const source = home.file("tanova-config.json");
  const env = { HOME: home.path };
  const contents = ["{", "[]", '{"retry_count": "x", "max_workers": 0}'];
  for (const content of contents) {
    writeFileSync(source, content);
    const run = await nodupe(["config", "import", source], { env });
    expect([run.exitCode, run.stdout]).toEqual([2, ""]);
    expect(run.stderr).toContain(source);
  }
  const both = await nodupe(["config", "import", source], { env });
  expect(both.stderr.trimEnd().split("\n").length).toBe(2);
  const path = await nodupe(["config", "path", "--json"], { env });
  expect(JSON.parse(path.stdout).exists).toBe(false);
});

test("a config file that holds a key and is readable by others is warned of, with the cure", async () => {
  using home = tempFolder();
  const file = home.file("config.toml");
  writeFileSync(file, '[sync]\napi_key = "tanova_sk_abc"\n', { mode: 0o644 });
  const run = await nodupe(["config", "check", "--config", file]);
  expect(run).toEqual({
    exitCode: 0,
    stdout: `${file} is valid\n`,
    stderr: `nodupe: warning: config file ${file} contains a key, and others can read it; fix it with: chmod 600 ${file}\n`,
  });
});
