import { readFileSync, statfsSync } from "node:fs";
import { arch, availableParallelism, cpus, platform, totalmem } from "node:os";
import { VERSION } from "../lib/version.ts";
import { cpuKind } from "./measure/cpu.ts";
import { type StorageSpeed, storageSpeed } from "./measure/storage-speed.ts";

/** The kind of machine measured: no host name, user or serial number. Unknown values are null. */
export interface Machine extends StorageSpeed {
  readonly cpu: string;
  readonly cores: number;
  readonly memory_bytes: number;
  readonly architecture: string;
  readonly system: string;
  /** That of the folder the cases worked in. */
  readonly filesystem: string | null;
  readonly nodupe: string;
}

/** statfs magic numbers (linux/magic.h). */
const FILESYSTEMS: Readonly<Record<number, string>> = {
  0xef53: "ext4",
  0x01021994: "tmpfs",
  0x9123683e: "btrfs",
  0x58465342: "xfs",
  0xf2f52010: "f2fs",
  0x794c7630: "overlay",
  0x2fc12fc1: "zfs",
  0x4d44: "vfat",
  0x6969: "nfs",
};

function textOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function filesystemOf(folder: string): string | null {
  try {
    return FILESYSTEMS[Number(statfsSync(folder).type) >>> 0] ?? null;
  } catch {
    return null;
  }
}

/** Describes the machine, and measures the storage below `folder`. */
export async function describeMachine(folder: string, signal: AbortSignal): Promise<Machine> {
  return {
    cpu: cpuKind(
      textOf("/proc/cpuinfo") ?? "",
      textOf("/proc/device-tree/model"),
      cpus()[0]?.model ?? "unknown",
    ),
    cores: availableParallelism(),
    memory_bytes: totalmem(),
    architecture: arch(),
    system: platform(),
    filesystem: filesystemOf(folder),
    ...(await storageSpeed(folder, signal)),
    nodupe: VERSION,
  };
}
