/** The theme that was chosen by hand in this browser; null: as the system has it. */
export function keptTheme(): "light" | "dark" | null {
  try {
    const kept = localStorage.getItem("theme");
    return kept === "light" || kept === "dark" ? kept : null;
  } catch {
    // Storage may be forbidden: then a choice lasts for the visit.
    return null;
  }
}
