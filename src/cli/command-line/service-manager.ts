import { messageOf } from "../../lib/errors.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** The service manager that started this process, if any. A failed notification never fails a job. */
export interface ServiceManager extends Disposable {
  /** The job is running, so units that wait for it may start. Starts feeding the watchdog. */
  ready(status: string): void;
  /** Sets the status line of `systemctl status`. */
  status(status: string): void;
  stopping(): void;
}

const ABSENT: ServiceManager = {
  ready: () => undefined,
  status: () => undefined,
  stopping: () => undefined,
  [Symbol.dispose]: () => undefined,
};

/**
 * systemd's notification protocol, if the environment asks for it. A timer of the event loop feeds the watchdog twice
 * as often as required: if the loop hangs, the unit is restarted.
 */
export async function serviceManager(
  environment: Readonly<Record<string, string | undefined>>,
  terminal: Pick<Terminal, "debug">,
): Promise<ServiceManager> {
  const socketPath = environment["NOTIFY_SOCKET"];
  if (socketPath === undefined || socketPath === "") return ABSENT;
  const { sdNotify } = await import("../../lib/sd-notify.ts");
  const tell = (...lines: readonly string[]): void => {
    try {
      sdNotify(socketPath, lines);
    } catch (error) {
      terminal.debug(messageOf(error));
    }
  };
  const watchdogUs = Number(environment["WATCHDOG_USEC"]);
  const isOurs =
    environment["WATCHDOG_PID"] === undefined || Number(environment["WATCHDOG_PID"]) === process.pid;
  let feeding: ReturnType<typeof setInterval> | null = null;
  return {
    ready: (status) => {
      tell("READY=1", `STATUS=${status}`);
      if (watchdogUs > 0 && isOurs && feeding === null) {
        feeding = setInterval(() => tell("WATCHDOG=1"), watchdogUs / 2_000);
        feeding.unref();
      }
    },
    status: (status) => tell(`STATUS=${status}`),
    stopping: () => tell("STOPPING=1"),
    [Symbol.dispose]: () => {
      if (feeding !== null) clearInterval(feeding);
    },
  };
}
