/**
 * The fields of a log line's JSON object that we use, as byte ranges and numbers; one object, reused. Fields are found
 * by name, under both generations of keys and in any order; nested values are skipped.
 */
export interface Fields {
  pieceStart: number;
  pieceEnd: number;
  satelliteStart: number;
  satelliteEnd: number;
  actionStart: number;
  actionEnd: number;
  remoteStart: number;
  remoteEnd: number;
  offset: number;
  offsetStart: number;
  offsetEnd: number;
  size: number;
  sizeStart: number;
  sizeEnd: number;
  /** Values we do not use, but that vary from line to line: available space, and the reason of a cancellation. */
  spaceStart: number;
  spaceEnd: number;
  reasonStart: number;
  reasonEnd: number;
  /** Only in zap's JSON encoding: level, time, logger, message. */
  levelStart: number;
  levelEnd: number;
  timeStart: number;
  timeEnd: number;
  loggerStart: number;
  loggerEnd: number;
  messageStart: number;
  messageEnd: number;
}

export function createFields(): Fields {
  return {
    pieceStart: 0,
    pieceEnd: 0,
    satelliteStart: 0,
    satelliteEnd: 0,
    actionStart: 0,
    actionEnd: 0,
    remoteStart: 0,
    remoteEnd: 0,
    offset: 0,
    offsetStart: 0,
    offsetEnd: 0,
    size: -1,
    sizeStart: 0,
    sizeEnd: 0,
    spaceStart: 0,
    spaceEnd: 0,
    reasonStart: 0,
    reasonEnd: 0,
    levelStart: 0,
    levelEnd: 0,
    timeStart: 0,
    timeEnd: 0,
    loggerStart: 0,
    loggerEnd: 0,
    messageStart: 0,
    messageEnd: 0,
  };
}

function clear(into: Fields): void {
  into.pieceStart = into.pieceEnd = 0;
  into.satelliteStart = into.satelliteEnd = 0;
  into.actionStart = into.actionEnd = 0;
  into.remoteStart = into.remoteEnd = 0;
  into.offset = 0;
  into.offsetEnd = 0;
  into.size = -1;
  into.sizeEnd = 0;
  into.spaceEnd = 0;
  into.reasonEnd = 0;
  into.levelEnd = into.timeEnd = into.loggerEnd = into.messageEnd = 0;
}

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const SPACE = 32;
const BACKSLASH = 92;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;

/** The position of the closing quote of a string whose first byte is at `at`; `end` if there is none. */
function closingQuote(bytes: Uint8Array, at: number, end: number): number {
  let index = at;
  while (index < end) {
    const byte = bytes[index];
    if (byte === QUOTE) return index;
    index += byte === BACKSLASH ? 2 : 1;
  }
  return end;
}

/** The position after the number, literal, object or array at `at`; `end` if it is cut off. */
function skipValue(bytes: Uint8Array, at: number, end: number): number {
  let depth = 0;
  let index = at;
  while (index < end) {
    const byte = bytes[index];
    if (byte === QUOTE) {
      index = closingQuote(bytes, index + 1, end);
      if (index >= end) return end;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      if (depth === 0) return index;
      depth -= 1;
      if (depth === 0) return index + 1;
    } else if (byte === COMMA && depth === 0) return index;
    index += 1;
  }
  return end;
}

/**
 * The whole number from 0 to 2^53 - 1 that fills [start, end); -1 for anything else. The node writes sizes and offsets
 * as plain digits, so a fraction, an exponent or a larger number is damage.
 */
function readNumber(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let index = start; index < end; index += 1) {
    const digit = (bytes[index] ?? 0) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return end > start && value <= Number.MAX_SAFE_INTEGER ? value : -1;
}

function isSizeKey(bytes: Uint8Array, key: number, keyEnd: number): boolean {
  return (
    keyEnd - key === 4 &&
    ((bytes[key] ?? 0) | 32) === 115 &&
    bytes[key + 1] === 105 &&
    bytes[keyEnd - 1] === 101
  );
}

function isOffsetKey(bytes: Uint8Array, key: number, keyEnd: number): boolean {
  return (
    keyEnd - key === 6 &&
    ((bytes[key] ?? 0) | 32) === 111 &&
    bytes[key + 1] === 102 &&
    bytes[keyEnd - 1] === 116
  );
}

/**
 * Records a string value under the key in [key, keyEnd); false if that key must have a number. Keys are recognised by
 * their length, first and last letters.
 */
function noteText(
  bytes: Uint8Array,
  key: number,
  keyEnd: number,
  start: number,
  end: number,
  into: Fields,
): boolean {
  const first = bytes[key] ?? 0;
  const lower = first | 32;
  const last = bytes[keyEnd - 1] ?? 0;
  switch (keyEnd - key) {
    case 8: // Piece ID, piece_id
      if (lower === 112 && bytes[key + 4] === 101 && (last | 32) === 100) {
        into.pieceStart = start;
        into.pieceEnd = end;
      }
      return true;
    case 12: // Satellite ID, satellite_id
      if (lower === 115 && bytes[key + 8] === 101 && (last | 32) === 100) {
        into.satelliteStart = start;
        into.satelliteEnd = end;
      }
      return true;
    case 6: // Action, action
      if (lower === 97 && bytes[key + 1] === 99 && last === 110) {
        into.actionStart = start;
        into.actionEnd = end;
      } else if (first === 114 && last === 110) {
        into.reasonStart = start;
        into.reasonEnd = end;
      }
      return !isOffsetKey(bytes, key, keyEnd);
    case 14: // Remote Address, remote_address
      if (lower === 114 && bytes[key + 5] === 101 && last === 115) {
        into.remoteStart = start;
        into.remoteEnd = end;
      }
      return true;
    case 1:
      if (first === 76) {
        into.levelStart = start;
        into.levelEnd = end;
      } else if (first === 84) {
        into.timeStart = start;
        into.timeEnd = end;
      } else if (first === 78) {
        into.loggerStart = start;
        into.loggerEnd = end;
      } else if (first === 77) {
        into.messageStart = start;
        into.messageEnd = end;
      }
      return true;
    case 4:
      return !isSizeKey(bytes, key, keyEnd);
    default:
      return true;
  }
}

function noteNumber(
  bytes: Uint8Array,
  key: number,
  keyEnd: number,
  start: number,
  end: number,
  into: Fields,
): boolean {
  if (isSizeKey(bytes, key, keyEnd)) {
    into.size = readNumber(bytes, start, end);
    into.sizeStart = start;
    into.sizeEnd = end;
    return into.size >= 0;
  }
  if (isOffsetKey(bytes, key, keyEnd)) {
    into.offset = readNumber(bytes, start, end);
    into.offsetStart = start;
    into.offsetEnd = end;
    return into.offset >= 0;
  }
  if (keyEnd - key === 15 && ((bytes[key] ?? 0) | 32) === 97 && bytes[keyEnd - 1] === 101) {
    into.spaceStart = start;
    into.spaceEnd = end;
  }
  return true;
}

/** Reads the object whose `{` is at `open`; false if it is cut off or not a JSON object. */
export function readFields(bytes: Uint8Array, open: number, end: number, into: Fields): boolean {
  clear(into);
  let at = open + 1;
  for (;;) {
    let byte = bytes[at];
    while (byte === SPACE || byte === COMMA) byte = bytes[++at];
    if (at >= end) return false;
    if (byte === CLOSE_BRACE) return true;
    if (byte !== QUOTE) return false;
    const key = at + 1;
    const keyEnd = closingQuote(bytes, key, end);
    at = keyEnd + 1;
    if (bytes[at] !== COLON || at >= end) return false;
    byte = bytes[++at];
    while (byte === SPACE) byte = bytes[++at];
    if (byte === QUOTE) {
      const start = at + 1;
      const close = closingQuote(bytes, start, end);
      if (close >= end) return false;
      if (!noteText(bytes, key, keyEnd, start, close, into)) return false;
      at = close + 1;
    } else {
      const close = skipValue(bytes, at, end);
      if (close >= end || close === at) return false;
      if (!noteNumber(bytes, key, keyEnd, at, close, into)) return false;
      at = close;
    }
  }
}
