import type { Clock } from "../clock/clock.ts";
import { socketCalls } from "./kernel-socket.ts";
import { KernelTransport } from "./kernel-transport.ts";
import type { Transport, TransportChoice } from "./transport.ts";

export async function openTransport(choice: TransportChoice, clock: Clock): Promise<Transport> {
  const c = socketCalls();
  if (choice !== "portable" && c !== null) return new KernelTransport(c, clock);
  const { PortableTransport } = await import("./portable-transport.ts");
  return PortableTransport.open(clock);
}
