import { errno, libcOrNull } from "./ffi/libc.ts";
import { errnoMessage } from "./ffi/errno.ts";

const libc = libcOrNull({
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: "i64" },
  close: { args: ["i32"], returns: "i32" },
});

// <sys/socket.h>, <sys/un.h>
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0x80000;
const MSG_NOSIGNAL = 0x4000;
const LONGEST_PATH_BYTES = 107;

/** `struct sockaddr_un` for a path or an abstract name, which is written with a leading `@`. */
export function unixAddress(path: string): Uint8Array {
  const name = Buffer.from(path);
  if (name.length > LONGEST_PATH_BYTES)
    throw new RangeError(
      `Cannot address a socket: its name has ${name.length} bytes, at most ${LONGEST_PATH_BYTES} fit`,
    );
  const isAbstract = path.startsWith("@");
  // A path ends in NUL; an abstract name begins with one and ends where its length says.
  const address = Buffer.alloc(2 + name.length + (isAbstract ? 0 : 1));
  address.writeUInt16LE(AF_UNIX, 0);
  name.copy(address, 2);
  if (isAbstract) address[2] = 0;
  return address;
}

/**
 * Sends one or more `NAME=value` lines to the service manager (sd_notify(3)).
 *
 * @throws Error if the datagram is not accepted.
 */
export function sdNotify(socketPath: string, lines: readonly string[]): void {
  const c = libc();
  if (c === null) return;
  const address = unixAddress(socketPath);
  const message = Buffer.from(lines.join("\n"));
  const descriptor = c.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) throw new Error(`Cannot notify the service manager: ${errnoMessage(errno(c))}`);
  const sent = c.sendto(descriptor, message, BigInt(message.length), MSG_NOSIGNAL, address, address.length);
  const reason = Number(sent) < 0 ? errnoMessage(errno(c)) : null;
  c.close(descriptor);
  if (reason !== null) throw new Error(`Cannot notify the service manager: ${reason}`);
}
