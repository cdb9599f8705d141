/** The theme chosen by hand in this browser; null to follow the system. */
export function keptTheme(): "light" | "dark" | null {
  try {
    const kept = localStorage.getItem("theme");
    return kept === "light" || kept === "dark" ? kept : null;
  } catch {
    // Storage may be blocked. A choice then lasts only for the visit.
    return null;
  }
}
