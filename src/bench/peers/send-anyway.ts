import { codeOf } from "../../lib/errors.ts";

/** Sends, though the socket may still carry the refusal that an earlier answer met: it is told once, and cleared. */
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
