import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { inittabLine, openrcScript } from "../../render/init-script.ts";
import { type ServicePlan, serviceCommand, systemdUnits } from "../../render/service-unit.ts";

/** A file that makes a service, and where it belongs. */
export interface ServiceFile {
  readonly path: string;
  readonly text: string;
}

/** Where systemd looks for units of this scope that somebody has put there. */
export function unitFolder(scope: ServicePlan["scope"]): string {
  return scope === "system" ? "/etc/systemd/system" : join(homedir(), ".config/systemd/user");
}

/** Whether systemd is what runs services here (sd_booted(3)). */
export function hasSystemd(): boolean {
  return existsSync("/run/systemd/system");
}

/** Whether there is an init system of another kind whose files are known here. */
function hasOtherInit(): boolean {
  return existsSync("/sbin/openrc-run") || existsSync("/etc/inittab");
}

/** What is to be written for a service: systemd's units, or where another init system is at work, what that takes. */
export function servicePapers(plan: ServicePlan): readonly ServiceFile[] {
  if (hasSystemd() || !hasOtherInit()) {
    return systemdUnits(plan).map(({ name, text }) => ({ path: join(unitFolder(plan.scope), name), text }));
  }
  const user = plan.runAs.type === "user" ? plan.runAs.name : "root";
  const init = { service: plan.service, command: serviceCommand(plan), user };
  return [
    { path: `/etc/init.d/nodupe-${plan.service}`, text: openrcScript(init) },
    { path: "/etc/inittab", text: inittabLine(init) },
  ];
}
