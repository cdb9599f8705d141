import { statfsSync } from "node:fs";

/** `f_type` of file systems that report no changes made by other machines (statfs(2), <linux/magic.h>). */
const REMOTE: Readonly<Record<number, string>> = {
  0x6969: "NFS",
  0x517b: "SMB",
  0xfe534d42: "SMB",
  0xff534d42: "CIFS",
  0x65735546: "FUSE",
  0x01021997: "9P",
  0x00c36400: "Ceph",
  0x5346414f: "AFS",
  0x73757245: "Coda",
  0x786f4256: "VirtualBox",
};

/**
 * The name of the network file system that a folder is on; null for a local one.
 *
 * @throws the system's error where the folder is not there.
 */
export function remoteFileSystem(path: string): string | null {
  // The kernel's number is a long: those of 32 bits come sign-extended on some file systems.
  return REMOTE[statfsSync(path).type >>> 0] ?? null;
}
