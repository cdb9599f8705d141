import { messageOf } from "../../lib/errors.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** The service manager that has started this process, if one has. Telling it something never fails a job. */
export interface ServiceManager extends Disposable {
  /** The job is at work: what waits for the unit may go on. The watchdog is fed from now on. */
  ready(status: string): void;
  /** One line for `systemctl status`. */
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
 * systemd's protocol, as the environment asks for it. The watchdog is fed by a timer of the event loop, twice as often
 * as is asked for: a loop that hangs feeds nothing, and the unit is restarted.
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
