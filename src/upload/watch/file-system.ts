import { statfsSync } from "node:fs";

/** `f_type` of file systems that do not report changes made by other machines (statfs(2), <linux/magic.h>). */
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
 * The name of the network file system of a folder; null if it is local.
 *
 * @throws the system's error if there is no such folder.
 */
export function remoteFileSystem(path: string): string | null {
  // The kernel's number is a long; on some file systems it is sign-extended from 32 bits.
  return REMOTE[statfsSync(path).type >>> 0] ?? null;
}
