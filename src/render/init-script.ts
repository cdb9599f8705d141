import { shellQuote } from "./shell-quote.ts";

export interface InitPlan {
  readonly service: string;
  /** The program and its arguments. */
  readonly command: readonly string[];
  readonly user: string;
}

/** A service script for OpenRC (openrc-run(8)) that restarts the job whenever it ends. */
export function openrcScript({ service, command, user }: InitPlan): string {
  const [program = "", ...args] = command;
  return `#!/sbin/openrc-run
name=${shellQuote(`nodupe ${service}`)}
supervisor=supervise-daemon
respawn_delay=5
command=${shellQuote(program)}
command_args=${shellQuote(args.map(shellQuote).join(" "))}
command_user=${shellQuote(user)}

depend() {
  need localmount
  after net ntp-client
}
`;
}

/** A line for busybox's /etc/inittab: the job is started at boot and restarted whenever it ends. */
export function inittabLine({ command, user }: InitPlan): string {
  const words = command.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : shellQuote(word))).join(" ");
  const run = user === "root" ? words : `su ${user} -s /bin/sh -c ${shellQuote(`exec ${words}`)}`;
  return `::respawn:${run}\n`;
}
