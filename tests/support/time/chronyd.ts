import { writeFileSync } from "node:fs";
import { freeTcpPort, freeUdpPort } from "../net/free-port.ts";
import { programPath } from "../programs.ts";
import { tempFolder } from "../temp.ts";
import { until } from "../until.ts";
import { encodeRequest, decodePacket } from "../../../src/time/ntp/packet.ts";

export interface Chronyd extends AsyncDisposable {
  readonly port: number;
  readonly name: string;
  readonly pid: number;
}

async function answers(address: string, port: number): Promise<boolean> {
  let answered = false;
  const socket = await Bun.udpSocket({
    hostname: "127.0.0.1",
    port: 0,
    binaryType: "uint8array",
    socket: {
      data: (_, data) => {
        answered = decodePacket(data)?.leap === 0;
      },
      // Not listening yet: the request is repeated.
      error: () => undefined,
    },
  });
  try {
    socket.send(encodeRequest(1n), port, address);
    await until(() => answered, "chronyd answers", 50).catch(() => undefined);
    return answered;
  } finally {
    socket.close();
  }
}

/** A real chronyd on a high port of loopback that never sets the clock (-x). */
export async function startChronyd(extra: readonly string[] = [], address = "127.0.0.1"): Promise<Chronyd> {
  const folder = tempFolder();
  const port = await freeUdpPort();
  const config = folder.file("chrony.conf");
  const lines = [
    `port ${port}`,
    "cmdport 0",
    "local stratum 5",
    "allow 127.0.0.0/8",
    `bindaddress ${address}`,
    `pidfile ${folder.file("pid")}`,
  ];
  writeFileSync(config, `${[...lines, ...extra].join("\n")}\n`);
  const user = process.getuid?.() === 0 ? ["-u", "root"] : [];
  const child = Bun.spawn([programPath("chronyd"), "-x", "-d", ...user, "-f", config], {
    stdout: "ignore",
    stderr: "ignore",
  });
  await until(() => answers(address, port), "chronyd answers");
  return {
    port,
    name: `${address}:${port}`,
    pid: child.pid,
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await child.exited;
      folder[Symbol.dispose]();
    },
  };
}

export interface NtsChronyd extends Chronyd {
  /** The --server argument for use with --nts: the key exchange server. */
  readonly ntsName: string;
}

async function listens(hostname: string, port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname, port, socket: { data: () => undefined } });
    socket.end();
    return true;
  } catch {
    return false;
  }
}

/** A real chronyd as an NTS server. @param tls a key and a chain in PEM. */
export async function startNtsChronyd(
  tls: { readonly key: string; readonly cert: string },
  extra: readonly string[] = [],
  address = "127.0.0.1",
): Promise<NtsChronyd> {
  const folder = tempFolder();
  const ntsPort = await freeTcpPort();
  const [key, cert] = [folder.file("server.key"), folder.file("server.pem")];
  writeFileSync(key, tls.key, { mode: 0o600 });
  writeFileSync(cert, tls.cert);
  const lines = [`ntsport ${ntsPort}`, `ntsserverkey ${key}`, `ntsservercert ${cert}`];
  const chronyd = await startChronyd([...lines, ...extra], address);
  await until(() => listens(address, ntsPort), "chronyd exchanges keys");
  return {
    port: chronyd.port,
    name: chronyd.name,
    pid: chronyd.pid,
    ntsName: `${address}:${ntsPort}`,
    [Symbol.asyncDispose]: async () => {
      await chronyd[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}
