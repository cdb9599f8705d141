/** ARM cores of small boards, by the part number in /proc/cpuinfo (implementer 0x41). */
const ARM_PARTS: Readonly<Record<string, string>> = {
  "0xb76": "ARM1176",
  "0xc07": "Cortex-A7",
  "0xc08": "Cortex-A8",
  "0xc09": "Cortex-A9",
  "0xc0f": "Cortex-A15",
  "0xd03": "Cortex-A53",
  "0xd04": "Cortex-A35",
  "0xd05": "Cortex-A55",
  "0xd07": "Cortex-A57",
  "0xd08": "Cortex-A72",
  "0xd09": "Cortex-A73",
  "0xd0a": "Cortex-A75",
  "0xd0b": "Cortex-A76",
  "0xd0c": "Neoverse-N1",
  "0xd0d": "Cortex-A77",
  "0xd40": "Neoverse-V1",
  "0xd41": "Cortex-A78",
  "0xd49": "Neoverse-N2",
  "0xd4f": "Neoverse-V2",
};

function field(cpuinfo: string, name: string): string | null {
  return new RegExp(`^${name}\\s*:\\s*(.+)$`, "m").exec(cpuinfo)?.[1]?.trim() ?? null;
}

function armCores(cpuinfo: string): string | null {
  const parts = [...cpuinfo.matchAll(/^CPU part\s*:\s*(0x[0-9a-f]+)$/gm)].map((match) => match[1] ?? "");
  const names = new Set(parts.map((part) => ARM_PARTS[part] ?? `ARM part ${part}`));
  return names.size === 0 ? null : [...names].join(" + ");
}

/**
 * The processor's kind, from the text of /proc/cpuinfo and the device tree's model (null if there is none):
 * `Raspberry Pi 4 Model B Rev 1.4 (Cortex-A72)`. Serial numbers in these files are left out.
 */
export function cpuKind(cpuinfo: string, board: string | null, fallback: string): string {
  const model = field(cpuinfo, "model name") ?? armCores(cpuinfo) ?? fallback;
  const name = board?.replaceAll("\0", "").trim() ?? "";
  return name === "" ? model : `${name} (${model})`;
}
