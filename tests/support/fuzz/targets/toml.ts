import { writeFileSync } from "node:fs";
import { SECTIONS } from "../../../../src/cli/command-line/sections.ts";
import { Failure } from "../../../../src/lib/errors.ts";
import { readConfigFile } from "../../../../src/settings/file.ts";
import { configTemplate } from "../../../../src/settings/template.ts";
import { tempFolder } from "../../temp.ts";
import { type FuzzTarget, mustEqual, mustHold, shapeOf, sizeWord } from "../fuzz-target.ts";

const MOST_LINES = 1_000;

/** A config file yields values that its sections allow, or one usage error with short lines that name the file. */
export function toml(): FuzzTarget {
  const folder = tempFolder();
  const path = folder.file("config.toml");
  const template = configTemplate(SECTIONS);
  const uncommented = template
    .split("\n")
    .filter((line) => /^# ?[a-z_]+ = |^\[/.test(line))
    .map((line) => line.replace(/^# ?/, ""));
  const keys = Object.values(SECTIONS).flatMap((section) => Object.keys(section));
  return {
    seeds: [
      template,
      uncommented.join("\n"),
      '[sync]\nretries = 3\nretry_delay = "5s"\nfolder = "/x"\n[time]\nserver = ["a", "b:123"]\n',
      '[fleet]\nx = { url = "https://h", token_file = "f" }\n',
      'a = """\nx"""\n[[b]]\nc = 1979-05-27T07:32:00Z\n',
    ].map((text) => new Uint8Array(Buffer.from(text.slice(0, 3_500)))),
    dictionary: [
      "[",
      "]",
      "[[",
      "[sync]\n",
      "[time]\n",
      " = ",
      "\n",
      '"',
      "'''",
      '"""',
      "{",
      "}",
      ",",
      "true",
      "nan",
      "-inf",
      "0x_",
      "1e400",
      "1979-05-27",
      "\\U0010FFFF",
      "\\x",
      "#",
      ".",
      "\xff",
      "\0",
      '"1.5s"',
      '"2M"',
      ...keys.slice(0, 60),
    ],
    mostBytes: 4_096,
    run: async (input) => {
      writeFileSync(path, input);
      try {
        const file = await readConfigFile(path, { required: true, sections: async () => SECTIONS });
        mustEqual(file.exists, true, "a file that was read is there");
        return `config sections ${sizeWord(file.values.size)} warnings ${file.warnings.length}`;
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        mustEqual(error.kind, "usage", "the kind of a config's fault");
        mustHold(
          error.lines.length > 0 && error.lines.length < MOST_LINES,
          "faults are told, in bearable number",
        );
        for (const line of error.lines)
          mustHold(
            line.startsWith(`config file ${path}`) || line.startsWith("cannot read config file"),
            `a fault names its file: ${line}`,
          );
        return shapeOf((error.lines[0] ?? "").replace(`config file ${path}`, ""));
      }
    },
  };
}
