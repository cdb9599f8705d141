import { codeOf } from "../../lib/errors.ts";

/**
 * Sends even if the socket still holds the error of an earlier answer that was refused: it is reported once and
 * thereby cleared.
 */
export function sendAnyway(
  socket: { send(data: Uint8Array, port: number, address: string): boolean },
  bytes: Uint8Array,
  to: { readonly port: number; readonly address: string },
): void {
  try {
    socket.send(bytes, to.port, to.address);
  } catch (error) {
    if (codeOf(error) !== "ECONNREFUSED") throw error;
    socket.send(bytes, to.port, to.address);
  }
}
