import { Failure } from "../../lib/errors.ts";
import { didYouMean } from "../../lib/nearest.ts";
import { type Converted, decodeText, encodeText } from "../../time/stamp/stamp-text.ts";
import type { ExitCode } from "../command-line/command.ts";
import type { Terminal } from "../terminal/terminal.ts";

interface Flags {
  readonly hex: boolean;
  readonly unix: boolean;
}

/** Lines are written in blocks of about this many characters. */
const BLOCK = 65_536;

function converterOf(word: string, { hex, unix }: Flags): (input: string) => Converted {
  if (word === "encode") {
    if (unix)
      throw new Failure(
        "usage",
        "--unix goes with decode: encode writes numbers (--hex for hexadecimal ones)",
      );
    return (input) => encodeText(input, hex);
  }
  if (word === "decode") {
    if (hex)
      throw new Failure("usage", "--hex goes with encode: decode writes times (--unix for Unix seconds)");
    return (input) => decodeText(input, unix);
  }
  throw new Failure(
    "usage",
    `unknown word ${JSON.stringify(word)}, expected encode or decode${didYouMean(word, ["encode", "decode"])}`,
  );
}

async function* linesOfStdin(): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of Bun.stdin.stream()) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

interface Item {
  readonly input: string;
  readonly output: string | null;
  readonly reason: string | null;
}

async function convertStdin(
  converter: (input: string) => Converted,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<ExitCode> {
  const items: Item[] = [];
  let block: string[] = [];
  let size = 0;
  let number = 0;
  let failed = 0;
  const flush = async (): Promise<void> => {
    if (block.length > 0) await terminal.result(block.join("\n"));
    block = [];
    size = 0;
  };
  for await (const line of linesOfStdin()) {
    if (signal.aborted) break;
    number += 1;
    const input = line.trim();
    if (input === "") continue;
    const converted = converter(input);
    if (!converted.ok) {
      failed += 1;
      terminal.error(`line ${number}: ${JSON.stringify(input)}: ${converted.reason}`);
    }
    if (terminal.json) {
      items.push({
        input,
        output: converted.ok ? converted.text : null,
        reason: converted.ok ? null : converted.reason,
      });
    } else if (converted.ok) {
      block.push(converted.text);
      size += converted.text.length;
      if (size > BLOCK) await flush();
    }
  }
  await flush();
  if (terminal.json) await terminal.resultJson({ values: items, failed });
  return failed > 0 ? 1 : 0;
}

/** `nodupe stamp encode|decode`. If an argument cannot be converted, that is a usage error and nothing is converted. */
export async function convert(
  word: string,
  inputs: readonly string[],
  invocation: {
    readonly options: { readonly stamp: Flags };
    readonly terminal: Terminal;
    readonly signal: AbortSignal;
  },
): Promise<ExitCode> {
  const { terminal, signal, options } = invocation;
  const converter = converterOf(word, options.stamp);
  if (inputs.length === 0) {
    throw new Failure(
      "usage",
      `missing argument: expected nodupe stamp ${word} ${word === "encode" ? "TIME" : "NUMBER"}…, or - for stdin`,
    );
  }
  if (inputs.length === 1 && inputs[0] === "-") return convertStdin(converter, terminal, signal);
  const items = inputs.map((input): Item => {
    const converted = converter(input);
    if (!converted.ok) throw new Failure("usage", `${JSON.stringify(input)}: ${converted.reason}`);
    return { input, output: converted.text, reason: null };
  });
  if (terminal.json) await terminal.resultJson({ values: items, failed: 0 });
  else await terminal.result(items.map(({ output }) => output ?? "").join("\n"));
  return 0;
}
