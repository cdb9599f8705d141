import { shellQuote } from "./shell-quote.ts";

export interface InitPlan {
  readonly service: string;
  /** The program and its arguments. */
  readonly command: readonly string[];
  readonly user: string;
}

/** A service script of OpenRC (openrc-run(8)), which starts the job again when it ends. */
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

/** A line of busybox's /etc/inittab: started at boot, and again whenever it ends. */
export function inittabLine({ command, user }: InitPlan): string {
  const words = command.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : shellQuote(word))).join(" ");
  const run = user === "root" ? words : `su ${user} -s /bin/sh -c ${shellQuote(`exec ${words}`)}`;
  return `::respawn:${run}\n`;
}
