import { ERRNO, errnoMessage } from "../../lib/ffi/errno.ts";
import { errno, libcOf } from "../../lib/ffi/libc.ts";
import { pathWithin, systemPath } from "../../lib/path-bytes.ts";

const libc = libcOf({
  inotify_init1: { args: ["i32"], returns: "i32" },
  inotify_add_watch: { args: ["i32", "ptr", "u32"], returns: "i32" },
  inotify_rm_watch: { args: ["i32", "i32"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
});

// inotify(7), <sys/inotify.h>
const IN_CLOEXEC = 0x80000;
const IN_NONBLOCK = 0x800;
const EVENT_HEAD_BYTES = 16;
// <linux/limits.h>, with the NUL at the end
const PATH_MAX = 4_096;

export const IN = {
  OPEN: 0x20,
  MOVED_FROM: 0x40,
  MOVED_TO: 0x80,
  CREATE: 0x100,
  CLOSE_WRITE: 0x8,
  DELETE: 0x200,
  DELETE_SELF: 0x400,
  MOVE_SELF: 0x800,
  UNMOUNT: 0x2000,
  Q_OVERFLOW: 0x4000,
  IGNORED: 0x8000,
  ONLYDIR: 0x1000000,
  DONT_FOLLOW: 0x2000000,
  EXCL_UNLINK: 0x4000000,
  ISDIR: 0x40000000,
} as const;

/** The events of a folder that are reported; not writes: it matters only that a file was closed and is quiet since. */
export const FOLDER_MASK =
  IN.MOVED_FROM |
  IN.MOVED_TO |
  IN.CREATE |
  IN.CLOSE_WRITE |
  IN.DELETE |
  IN.DELETE_SELF |
  IN.MOVE_SELF |
  IN.ONLYDIR |
  IN.DONT_FOLLOW |
  IN.EXCL_UNLINK;

export interface InotifyEvent {
  /** The watch it belongs to; -1 for an overflow. */
  readonly watch: number;
  readonly mask: number;
  /** The same in both halves of a rename; else 0. */
  readonly cookie: number;
  /** The entry in the watched folder, as in path-bytes.ts; "" for the folder itself. */
  readonly name: string;
}

/** Decodes what read(2) returns: whole `struct inotify_event`s, each padded with NULs. */
export function decodeInotify(bytes: Uint8Array): InotifyEvent[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const events: InotifyEvent[] = [];
  for (let at = 0; at + EVENT_HEAD_BYTES <= buffer.length;) {
    const nameBytes = buffer.readUInt32LE(at + 12);
    const nameAt = at + EVENT_HEAD_BYTES;
    const next = nameAt + nameBytes;
    if (next > buffer.length) break;
    const nul = buffer.indexOf(0, nameAt);
    const nameEnd = nul === -1 || nul > next ? next : nul;
    events.push({
      watch: buffer.readInt32LE(at),
      mask: buffer.readUInt32LE(at + 4),
      cookie: buffer.readUInt32LE(at + 8),
      name: pathWithin(buffer, nameAt, nameEnd),
    });
    at = next;
  }
  return events;
}

/** The result of adding a watch. `full`: the user's limit (fs.inotify.max_user_watches) is reached. */
export type WatchResult =
  | { readonly type: "watched"; readonly watch: number }
  | { readonly type: "full" }
  /** The folder is gone, is not a folder, cannot be read, or has too long a path. */
  | { readonly type: "refused" };

/** One inotify descriptor. The kernel's queue wakes the event loop; no thread has to wait. */
export class Inotify implements Disposable {
  readonly #descriptor: number;
  /** Holds one path at a time for the kernel, so that 100,000 of them leave no garbage. */
  readonly #path = Buffer.allocUnsafeSlow(PATH_MAX);

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /**
   * Opens a descriptor; null if the user may have no more (EMFILE: fs.inotify.max_user_instances).
   *
   * @throws Error for any other failure.
   */
  static open(): Inotify | null {
    const descriptor = libc().inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (descriptor >= 0) return new Inotify(descriptor);
    const reason = errno(libc());
    if (reason === ERRNO.EMFILE) return null;
    throw new Error(`Cannot watch folders: inotify_init1 failed: ${errnoMessage(reason)}`);
  }

  /** Watches a folder, or changes which of its events are reported. */
  watch(path: string, mask: number = FOLDER_MASK): WatchResult {
    const system = systemPath(path);
    if (Buffer.byteLength(system) >= PATH_MAX) return { type: "refused" };
    const end =
      typeof system === "string" ? this.#path.write(system) : system.copy(this.#path, 0, 0, PATH_MAX);
    this.#path[end] = 0;
    const watch = libc().inotify_add_watch(this.#descriptor, this.#path, mask);
    if (watch >= 0) return { type: "watched", watch };
    return errno(libc()) === ERRNO.ENOSPC ? { type: "full" } : { type: "refused" };
  }

  unwatch(watch: number): void {
    libc().inotify_rm_watch(this.#descriptor, watch);
  }

  /** Events in the kernel's order, until the signal aborts. */
  async *events(signal: AbortSignal): AsyncGenerator<readonly InotifyEvent[]> {
    if (signal.aborted) return;
    const reader = Bun.file(this.#descriptor).stream().getReader();
    const cancelled: Promise<void>[] = [];
    const cancel = (): void => {
      cancelled.push(reader.cancel());
    };
    signal.addEventListener("abort", cancel, { once: true });
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        yield decodeInotify(value);
      }
    } finally {
      signal.removeEventListener("abort", cancel);
      if (!signal.aborted) cancel();
      await Promise.all(cancelled);
    }
  }

  [Symbol.dispose](): void {
    libc().close(this.#descriptor);
  }
}
