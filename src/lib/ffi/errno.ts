/** The errno values that this program distinguishes; the same on Linux x64 and arm64. */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  EAGAIN: 11,
  EACCES: 13,
  EMFILE: 24,
  ENOSPC: 28,
  ECONNREFUSED: 111,
} as const;

const MESSAGES: Readonly<Record<number, string>> = {
  1: "operation not permitted",
  2: "no such file",
  5: "input/output error",
  13: "permission denied",
  22: "invalid argument",
  25: "it is not a clock",
  97: "address family not supported",
  99: "cannot assign the address",
  100: "network is down",
  101: "network is unreachable",
  105: "no buffer space",
  111: "connection refused",
  112: "host is down",
  113: "no route to host",
};

/** An errno value in words. */
export function errnoMessage(number: number): string {
  return MESSAGES[number] ?? `system error ${number}`;
}
