import { isAsciiLocale, toAscii } from "../../lib/format/ascii.ts";
import { escapeLines } from "../../lib/format/escape.ts";
import { mayColor } from "./color.ts";
import { createLog, type LogFields, type LogFormat } from "./log.ts";
import { isTerminal, widthOf, writeError, writeOutput } from "./streams.ts";

/** A command's two streams: results on stdout, everything else on stderr. */
export interface Terminal {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly stdoutIsTerminal: boolean;
  /** Whether stderr can show a progress line that is redrawn; if not, `status` does nothing. */
  readonly canRedraw: boolean;
  /** Whether the result may be coloured. */
  readonly color: boolean;
  /** The width for results and progress, in columns. */
  readonly columns: number;
  /** Writes a text result and a newline to stdout. Renderers must escape text from outside. */
  result(text: string): Promise<void>;
  /** Writes one JSON object to stdout, on its own line. */
  resultJson(value: object): Promise<void>;
  /** Writes a result that is generated while it is written, such as a history of millions, and a newline. */
  resultInPieces(pieces: Iterable<string>): Promise<void>;
  /** Whether anything has been written to stdout. */
  readonly hasResult: boolean;
  /** Each of these writes one escaped line to stderr; `fields` are added with `--log-format json`. */
  info(line: string, fields?: LogFields): void;
  warn(line: string, fields?: LogFields): void;
  error(line: string, fields?: LogFields): void;
  /** Shown only with `--verbose`. */
  debug(line: string, fields?: LogFields): void;
  /** Redraws a terminal's progress line; `null` removes it. Does nothing if stderr is not a terminal. */
  status(line: string | null): void;
}

export interface TerminalOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly noColor: boolean;
  readonly logFormat: LogFormat;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Opens the terminal for one command. */
export async function createTerminal(options: TerminalOptions): Promise<Terminal> {
  const { json, quiet, verbose, environment, logFormat } = options;
  const stdoutIsTerminal = await isTerminal(1);
  const stderrIsTerminal = await isTerminal(2);
  const columns = widthOf(stderrIsTerminal, environment);
  const color = mayColor(stdoutIsTerminal, options);
  const localized = isAsciiLocale(environment) ? toAscii : (text: string): string => text;
  const canRedraw = stderrIsTerminal && !quiet && logFormat === "text";
  let drawn = false;
  let hasResult = false;

  const erase = (): void => {
    if (drawn) writeError("\r\u001B[K");
    drawn = false;
  };
  const print = async (text: string): Promise<void> => {
    erase();
    hasResult = true;
    await writeOutput(`${text}\n`);
  };
  const format = { level: quiet ? 1 : verbose ? 4 : 3, color: mayColor(stderrIsTerminal, options) };
  const log = createLog({ ...format, format: logFormat }, (line) => {
    erase();
    writeError(`${logFormat === "json" ? line : localized(line)}\n`);
  });

  return {
    json,
    quiet,
    verbose,
    stdoutIsTerminal,
    canRedraw,
    color,
    columns,
    result: (text) => print(localized(escapeLines(text, color))),
    resultJson: (value) => print(JSON.stringify(value)),
    resultInPieces: async (pieces) => {
      erase();
      hasResult = true;
      for (const piece of pieces) await writeOutput(piece);
      await writeOutput("\n");
    },
    get hasResult() {
      return hasResult;
    },
    info: (line, fields) => log.info(line, fields),
    warn: (line, fields) => log.warn(line, fields),
    error: (line, fields) => log.error(line, fields),
    debug: (line, fields) => log.debug(line, fields),
    status: (line) => {
      if (!canRedraw) return;
      erase();
      if (line === null) return;
      writeError(Bun.sliceAnsi(localized(escapeLines(line, false)), 0, columns - 1));
      drawn = true;
    },
  };
}
