import { fstatSync, writeSync } from "node:fs";
import { type ConsolaInstance, createConsola, type LogObject } from "consola/core";
import { codeOf, Failure } from "../lib/errors.ts";

/** The two streams of a command: results on stdout, everything else on stderr. */
export interface Terminal {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  /** Whether the result may be coloured. */
  readonly color: boolean;
  /** The width to fit results and progress in. */
  readonly columns: number;
  /** Writes a text result to stdout, with a newline. */
  result(text: string): Promise<void>;
  /** Writes one JSON object to stdout, on a line of its own. */
  resultJson(value: object): Promise<void>;
  /** Whether anything has been written to stdout. */
  readonly hasResult: boolean;
  info(line: string): void;
  warn(line: string): void;
  error(line: string): void;
  debug(line: string): void;
  /** Redraws the one progress line of a terminal; `null` removes it. Does nothing elsewhere. */
  status(line: string | null): void;
}

export interface TerminalOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly noColor: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Linux's major number of the memory devices, /dev/null among them. */
const MEMORY_DEVICES = 1;

/**
 * Whether a descriptor is a terminal. node:tty costs 13 ms to load, so only a character device asks it, and
 * /dev/null, where cron and services send output, does not.
 */
async function isTerminal(descriptor: number): Promise<boolean> {
  try {
    const status = fstatSync(descriptor);
    if (!status.isCharacterDevice() || status.rdev >> 8 === MEMORY_DEVICES) return false;
  } catch {
    return false;
  }
  const tty = await import("node:tty");
  return tty.isatty(descriptor);
}

/** Writes to stderr without process.stderr, which costs 20 ms to load. What cannot be said is dropped. */
function writeError(text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(2, rest));
    } catch (error) {
      if (codeOf(error) !== "EAGAIN") return;
      Bun.sleepSync(1);
    }
  }
}

async function writeOutput(text: string): Promise<void> {
  try {
    await Bun.write(Bun.stdout, text);
  } catch (error) {
    const code = codeOf(error);
    const why =
      code === "EPIPE" ? "its reader has closed the pipe" : code === "ENOSPC" ? "no space left" : code;
    throw new Failure("failed", `cannot write the result to stdout: ${why ?? String(error)}`, {
      cause: error,
    });
  }
}

const PREFIXES: Readonly<Record<string, readonly [text: string, color: number]>> = {
  error: ["nodupe: ", 31],
  warn: ["nodupe: warning: ", 33],
};

function createLog(level: number, color: boolean, write: (text: string) => void): ConsolaInstance {
  const log = (entry: LogObject): void => {
    const [prefix, code] = PREFIXES[entry.type] ?? ["", 0];
    const shown = color && prefix !== "" ? `\u001B[${code}m${prefix}\u001B[39m` : prefix;
    for (const line of entry.args.join(" ").split("\n")) write(`${shown}${line}\n`);
  };
  return createConsola({ level, reporters: [{ log }], throttle: 0 });
}

async function widthOf(terminal: boolean, environment: TerminalOptions["environment"]): Promise<number> {
  const told = Number(environment["COLUMNS"]);
  if (Number.isInteger(told) && told > 0) return told;
  // A serial console does not tell its size: it says 0.
  const found = terminal ? process.stderr.columns : 0;
  return found > 0 ? found : 80;
}

/** Opens the terminal for one command. */
export async function createTerminal(options: TerminalOptions): Promise<Terminal> {
  const { json, quiet, verbose, environment } = options;
  const stdoutIsTerminal = await isTerminal(1);
  const stderrIsTerminal = await isTerminal(2);
  const mayColor = !options.noColor && !environment["NO_COLOR"] && environment["TERM"] !== "dumb";
  const columns = await widthOf(stderrIsTerminal, environment);
  let drawn = false;
  let hasResult = false;

  const erase = (): void => {
    if (drawn) writeError("\r\u001B[K");
    drawn = false;
  };
  const result = async (text: string): Promise<void> => {
    erase();
    hasResult = true;
    await writeOutput(`${text}\n`);
  };
  const level = quiet ? 1 : verbose ? 4 : 3;
  const log = createLog(level, mayColor && stderrIsTerminal, (text) => {
    erase();
    writeError(text);
  });

  return {
    json,
    quiet,
    verbose,
    stdoutIsTerminal,
    stderrIsTerminal,
    color: mayColor && stdoutIsTerminal,
    columns,
    result,
    resultJson: (value) => result(JSON.stringify(value)),
    get hasResult() {
      return hasResult;
    },
    info: (line) => log.info(line),
    warn: (line) => log.warn(line),
    error: (line) => log.error(line),
    debug: (line) => log.debug(line),
    status: (line) => {
      if (!stderrIsTerminal || quiet) return;
      erase();
      if (line === null) return;
      writeError(Bun.sliceAnsi(line, 0, columns - 1));
      drawn = true;
    },
  };
}
