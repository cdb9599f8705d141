import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { inittabLine, openrcScript } from "../../render/init-script.ts";
import { type ServicePlan, serviceCommand, systemdUnits } from "../../render/service-unit.ts";

/** A file of a service: its path and content. */
export interface ServiceFile {
  readonly path: string;
  readonly text: string;
}

/** The folder for locally installed systemd units of this scope. */
export function unitFolder(scope: ServicePlan["scope"]): string {
  return scope === "system" ? "/etc/systemd/system" : join(homedir(), ".config/systemd/user");
}

/** Whether systemd runs the services here (sd_booted(3)). */
export function hasSystemd(): boolean {
  return existsSync("/run/systemd/system");
}

/** Whether another supported init system is present. */
function hasOtherInit(): boolean {
  return existsSync("/sbin/openrc-run") || existsSync("/etc/inittab");
}

/** The files that make a service: systemd units, or if another init system is present, what that needs. */
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
