import { LineTemplates } from "./line-template.ts";
import { createFields, readFields } from "./fields.ts";
import { finish, mixFirst, mixSecond, SEED_FIRST, SEED_SECOND, textIdentity } from "./line-hash.ts";
import { equalBytes, familyOf, findMessage, isCaller, type Message } from "./messages.ts";
import { createParsedLines, type ParsedLines } from "./parsed-lines.ts";
import { MAX_NAME_BYTES, SatelliteTable } from "./satellite-table.ts";
import { readTimestamp, TimestampReader } from "./timestamp.ts";
import { findConsoleStart, findJsonStart, unescapeDockerLog, unescapeSyslog } from "./log-framing.ts";
import { ACTIONS, type FactType, LINE_RACE_LOST } from "./vocabulary.ts";

const TAB = 9;
const OPEN_BRACE = 123;
const CARRIAGE_RETURN = 13;
const NEWLINE = 10;
/** Layouts are not tried on shorter lines; and reading words within these bytes is safe. */
const SHORTEST_LAID_OUT = 128;
/** The logger of operations: its malformed lines are counted separately, since they should have been readable. */
const OPERATIONS_MARK = "piecestore";
const MALFORMED_SHOWN = 3;
const SAMPLE_CHARACTERS = 160;
/** Lines nested deeper than this (JSON in syslog in a docker log) do not come from a node. */
const MAX_DEPTH = 4;

const encoder = new TextEncoder();
/** The two actions that nearly all lines name, as the low three bytes of a word. A quote follows them. */
const GET_WORD = 0x544547;
const PUT_WORD = 0x545550;
const GET = ACTIONS.indexOf("GET");
const PUT = ACTIONS.indexOf("PUT");
const ACTION_BYTES = ACTIONS.map((name) => encoder.encode(name));

/**
 * Parses storage-node log lines into columns. The generation of keys, the encoding and the prefix are detected for each
 * line. It works on bytes, since JSON.parse for each line costs twice as much. It never throws: a line it cannot read
 * is counted as malformed.
 */
export class LineParser {
  readonly #fields = createFields();
  /** Both lanes of the hash that is being computed. */
  #first = 0;
  #second = 0;
  readonly #satellites = new SatelliteTable();
  readonly #templates = new LineTemplates(this.#satellites);
  readonly #time = new TimestampReader();
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));

  /** Sets the bytes that contain the lines parsed next. */
  setBuffer(bytes: Uint8Array): void {
    if (bytes.buffer === this.#bytes.buffer && bytes.byteOffset === this.#bytes.byteOffset) return;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Parses the line in [start, end) of the buffer, without its newline, into the next row of `into`. */
  parseLine(start: number, end: number, into: ParsedLines): void {
    into.lines += 1;
    const last = end > start && this.#bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
    if (last === start) {
      into.ignored += 1;
      return;
    }
    if (this.#parse(start, last, into, 0)) return;
    into.malformed += 1;
    const line = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + start, last - start);
    if (line.includes(OPERATIONS_MARK)) into.malformedOperations += 1;
    if (into.malformedSamples.length < MALFORMED_SHOWN) {
      into.malformedSamples.push(line.toString("utf8", 0, SAMPLE_CHARACTERS));
    }
  }

  /** When the line in [start, end) was written, Unix ms; null if it has no timestamp. */
  timeOf(start: number, end: number): number | null {
    this.#time.ms = Number.NaN;
    const isUnderstood = end > start && this.#parse(start, end, createParsedLines(1), 0);
    return isUnderstood && !Number.isNaN(this.#time.ms) ? this.#time.ms : null;
  }

  /**
   * Parses the line at `start` if its layout is known. The layout also gives its end, so that there is no need to
   * search for the newline. Returns the newline's position, or -1 if the line must be cut out and parsed by
   * `parseLine`.
   */
  parseLaidOut(start: number, limit: number, into: ParsedLines): number {
    const bytes = this.#bytes;
    if (limit - start < SHORTEST_LAID_OUT || !this.#time.read(bytes, this.#view, start)) return -1;
    let end = this.#templates.match(bytes, this.#view, this.#time.end, limit, this.#fields);
    if (end < 0) return -1;
    if (bytes[end] === CARRIAGE_RETURN) end += 1;
    if (end >= limit || bytes[end] !== NEWLINE || !this.#laidOut(into)) return -1;
    into.lines += 1;
    return end;
  }

  /** Adds the line whose layout was found. */
  #laidOut(into: ParsedLines): boolean {
    const { message, level, satellite } = this.#templates;
    if (message === null) return false;
    return this.#operation(message, level, satellite, into);
  }

  /** Counts a line that is too long for the buffer. */
  countOverlong(beginning: string, into: ParsedLines): void {
    into.lines += 1;
    into.malformed += 1;
    if (into.malformedSamples.length < MALFORMED_SHOWN) {
      into.malformedSamples.push(beginning.slice(0, SAMPLE_CHARACTERS));
    }
  }

  /** True if the line was understood: as a row, as a fact, or as a line that we do not use. */
  #parse(start: number, end: number, into: ParsedLines, depth: number): boolean {
    const bytes = this.#bytes;
    const isTimed =
      end - start >= 32 ? this.#time.read(bytes, this.#view, start) : readTimestamp(bytes, start, this.#time);
    if (isTimed && bytes[this.#time.end] === TAB && this.#time.end < end) {
      const at = this.#time.end;
      if (this.#templates.match(bytes, this.#view, at, end, this.#fields) === end) return this.#laidOut(into);
      return this.#parseConsole(at + 1, end, into);
    }
    if (depth > MAX_DEPTH) return false;
    const jsonStart = findJsonStart(bytes, start, end);
    if (jsonStart >= 0) {
      const unwrapped = unescapeDockerLog(bytes, jsonStart, end);
      if (unwrapped !== null) return this.#parseElsewhere(unwrapped, into, depth + 1);
      return this.#parseJson(jsonStart, end, into);
    }
    const consoleStart = findConsoleStart(bytes, start, end, this.#time);
    if (consoleStart >= 0) return this.#parseConsole(this.#time.end + 1, end, into);
    const unescaped = unescapeSyslog(bytes, start, end);
    return unescaped !== null && this.#parseElsewhere(unescaped, into, depth + 1);
  }

  /** Parses a line that was unescaped into a buffer of its own. */
  #parseElsewhere(line: Uint8Array, into: ParsedLines, depth: number): boolean {
    const outer = this.#bytes;
    this.setBuffer(line);
    try {
      let end = line.length;
      while (end > 0 && (line[end - 1] === 10 || line[end - 1] === CARRIAGE_RETURN)) end -= 1;
      if (end > 0) return this.#parse(0, end, into, depth);
      into.ignored += 1;
      return true;
    } finally {
      this.setBuffer(outer);
    }
  }

  /**
   * Parses `LEVEL<TAB>LOGGER<TAB>MESSAGE<TAB>{json}` from the level on; the time has been read. A caller may precede
   * the message.
   */
  #parseConsole(levelStart: number, end: number, into: ParsedLines): boolean {
    const bytes = this.#bytes;
    const levelEnd = this.#tab(levelStart, end);
    if (levelEnd < 0 || levelEnd - levelStart > 24) return false;
    const loggerStart = levelEnd + 1;
    const loggerEnd = this.#tab(loggerStart, end);
    // In zap the logger's name is optional, and so are fields after the message.
    if (loggerEnd < 0) return this.#ignore(into);
    const family = familyOf(bytes, loggerStart, loggerEnd);
    if (family === null) return this.#ignore(into);
    let messageStart = loggerEnd + 1;
    let messageEnd = this.#columnEnd(messageStart, end);
    if (messageEnd < end && isCaller(bytes, messageStart, messageEnd)) {
      messageStart = messageEnd + 1;
      messageEnd = this.#columnEnd(messageStart, end);
    }
    const open = messageEnd + 1;
    const message = findMessage(bytes, messageStart, messageEnd, family);
    if (message === null) return this.#ignore(into);
    if (message.fact !== null) return this.#fact(message.fact, open, end, into);
    if (bytes[open] !== OPEN_BRACE || !readFields(bytes, open, end, this.#fields)) return false;
    const level = this.#level(levelStart, levelEnd);
    const satellite = this.#satellite();
    if (satellite >= 0)
      this.#templates.learn(bytes, this.#view, levelStart - 1, end, this.#fields, { message, level });
    return this.#operation(message, level, satellite, into);
  }

  /** zap's JSON encoding: the parts of a console line are keys of the object. */
  #parseJson(open: number, end: number, into: ParsedLines): boolean {
    const bytes = this.#bytes;
    const fields = this.#fields;
    if (!readFields(bytes, open, end, fields)) return false;
    if (fields.timeEnd === 0 || fields.messageEnd === 0) return false;
    if (!readTimestamp(bytes, fields.timeStart, this.#time) || this.#time.end > fields.timeEnd) return false;
    const { loggerStart, loggerEnd, messageStart, messageEnd } = fields;
    const family = loggerEnd === 0 ? null : familyOf(bytes, loggerStart, loggerEnd);
    if (family === null) return this.#ignore(into);
    const message = findMessage(bytes, messageStart, messageEnd, family);
    if (message === null) return this.#ignore(into);
    if (message.fact !== null) return this.#fact(message.fact, open, end, into);
    return this.#operation(message, this.#level(fields.levelStart, fields.levelEnd), this.#satellite(), into);
  }

  #columnEnd(start: number, end: number): number {
    const tab = this.#tab(start, end);
    return tab < 0 ? end : tab;
  }

  #tab(start: number, end: number): number {
    const bytes = this.#bytes;
    for (let at = start; at < end; at += 1) if (bytes[at] === TAB) return at;
    return -1;
  }

  #ignore(into: ParsedLines): true {
    into.ignored += 1;
    return true;
  }

  /** DEBUG 0, INFO 1, WARN 2, anything more severe 3. Colour codes before the letter are skipped. */
  #level(start: number, end: number): number {
    const bytes = this.#bytes;
    let at = start;
    if (bytes[at] === 27) while (at < end && bytes[at] !== 109) at += 1;
    const letter = (bytes[bytes[start] === 27 ? at + 1 : at] ?? 0) & ~32;
    return letter === 68 ? 0 : letter === 73 ? 1 : letter === 87 ? 2 : 3;
  }

  #action(): number {
    const { actionStart, actionEnd } = this.#fields;
    const length = actionEnd - actionStart;
    if (length === 3) {
      const word = this.#view.getInt32(actionStart, true) & 0xffffff;
      return word === GET_WORD ? GET : word === PUT_WORD ? PUT : -1;
    }
    for (let index = 0; index < ACTION_BYTES.length; index += 1) {
      const name = ACTION_BYTES[index];
      if (name?.length === length && equalBytes(this.#bytes, actionStart, name)) return index;
    }
    return -1;
  }

  /** Adds the bytes of [start, end) to both lanes. */
  #hash(start: number, end: number): void {
    const view = this.#view;
    let first = this.#first ^ (end - start);
    let second = this.#second;
    let at = start;
    // Each word goes into one lane; the lanes are mixed at the end.
    for (; at + 8 <= end; at += 8) {
      first = mixFirst(first, view.getInt32(at, true));
      second = mixSecond(second, view.getInt32(at + 4, true));
    }
    if (at + 4 <= end) {
      first = mixFirst(first, view.getInt32(at, true));
      at += 4;
    }
    for (; at < end; at += 1) second = mixSecond(second, view.getUint8(at));
    this.#first = mixFirst(first, second);
    this.#second = mixSecond(second, first);
  }

  /** The index of the line's satellite; 0 if the line names none, -1 if the name cannot be a satellite's. */
  #satellite(): number {
    const { satelliteStart, satelliteEnd } = this.#fields;
    if (satelliteEnd === 0) return 0;
    if (satelliteEnd - satelliteStart > MAX_NAME_BYTES) return -1;
    return this.#satellites.indexOf(this.#bytes, this.#view, satelliteStart, satelliteEnd);
  }

  #operation(message: Message, level: number, satellite: number, into: ParsedLines): boolean {
    const fields = this.#fields;
    let action = fields.actionEnd === 0 ? -1 : this.#action();
    if (action < 0 && (fields.actionEnd === 0 || message.impliedAction >= 0)) action = message.impliedAction;
    if (action < 0 || satellite < 0 || fields.pieceEnd === 0) return false;
    const row = into.count;
    this.#first = SEED_FIRST;
    this.#second = SEED_SECOND;
    this.#hash(fields.pieceStart, fields.pieceEnd);
    const piece = finish(this.#first);
    this.#first = mixFirst(this.#first, this.#satellites.hashOf(satellite) ^ action);
    this.#second = mixSecond(this.#second, action);
    this.#hash(fields.remoteStart, fields.remoteEnd);
    const { offset } = fields;
    const offsetHigh = offset > 0x7fffffff ? Math.floor(offset / 0x100000000) : 0;
    const first = mixFirst(this.#first, offset | 0);
    const second = mixSecond(mixSecond(this.#second, offset | 0), offsetHigh);
    into.what[row] = message.what;
    into.action[row] = action;
    into.level[row] = level;
    into.coarse[row] = this.#time.coarse ? 1 : 0;
    into.satellite[row] = satellite;
    into.timeMs[row] = this.#time.ms;
    into.sizeBytes[row] = fields.size;
    into.keyLow[row] = finish(first);
    into.keyHigh[row] = finish(second);
    into.piece[row] = piece;
    if (message.what === LINE_RACE_LOST) into.keyHigh[row] = finish(second ^ LINE_RACE_LOST);
    into.satellites = this.#satellites.names;
    into.count = row + 1;
    return true;
  }

  #text(start: number, end: number): string {
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + start, Math.max(0, end - start)).toString(
      "utf8",
    );
  }

  /** Facts are rare (a few an hour), so JSON.parse is affordable. */
  #fact(type: FactType, open: number, end: number, into: ParsedLines): boolean {
    try {
      const fields: unknown = JSON.parse(this.#text(open, end), refuseInfinity);
      if (typeof fields !== "object" || fields === null) return false;
      // The same fact may come with another prefix or encoding; only the other fields of the object identify it. L, T,
      // N and M belong to the JSON encoding.
      const { L: _level, T: _time, N: _logger, M: _message, ...said } = fields as Record<string, unknown>;
      const named = said["Satellite ID"] ?? said["satellite_id"] ?? said["satellite"];
      const satellite = typeof named === "string" ? named : null;
      if (satellite !== null && satellite.length > MAX_NAME_BYTES) return false;
      const identity = textIdentity(`${type} ${this.#time.ms} ${JSON.stringify(said)}`);
      into.facts.push({ type, timeMs: this.#time.ms, satellite, identity, fields: said });
      return true;
    } catch {
      return false;
    }
  }
}

/** `1e999` is valid JSON, but not a number that a node has. */
function refuseInfinity(_key: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) throw new RangeError("Cannot hold the number");
  return value;
}
