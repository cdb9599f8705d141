/** Spare bytes before and after something in its buffer. */
export interface Room {
  readonly before: number;
  readonly after: number;
}

/** A part of a body that is in memory. */
export interface Piece {
  readonly bytes: Uint8Array;
  /** Where what is sent before and after it may be written, so that all goes out in one write. */
  readonly room?: Room | undefined;
  /** Called when the network has taken all of it. */
  readonly onHandedOver?: (() => void) | undefined;
}

const NOTHING: readonly Piece[] = [];

/**
 * All pieces side by side in the buffer of one that has room for the others around it; null if none has, or they are
 * longer than `mostBytes` together.
 */
export function inPlace(pieces: readonly Piece[], mostBytes: number): Uint8Array | null {
  const at = pieces.findIndex(({ room }) => room !== undefined && room.before > 0);
  const { bytes, room } = pieces[at] ?? {};
  if (bytes === undefined || room === undefined) return null;
  const [before, after] = [lengthOf(pieces.slice(0, at)), lengthOf(pieces.slice(at + 1))];
  if (before > room.before || after > room.after) return null;
  const length = before + bytes.length + after;
  if (length > mostBytes) return null;
  const whole = new Uint8Array(bytes.buffer, bytes.byteOffset - before, length);
  let position = 0;
  for (const piece of pieces) {
    if (piece.bytes !== bytes) whole.set(piece.bytes, position);
    position += piece.bytes.length;
  }
  return whole;
}

function lengthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

/** What is left of pieces after the first bytes of them were sent. */
export function without(pieces: readonly Piece[], sent: number): readonly Piece[] {
  let before = 0;
  for (const [at, piece] of pieces.entries()) {
    const end = before + piece.bytes.length;
    if (end > sent)
      return [{ ...piece, bytes: piece.bytes.subarray(sent - before) }, ...pieces.slice(at + 1)];
    piece.onHandedOver?.();
    before = end;
  }
  return NOTHING;
}
