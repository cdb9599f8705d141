import { computed, effect, signal } from "@preact/signals";

const dark = matchMedia("(prefers-color-scheme: dark)");
const isSystemDark = signal(dark.matches);
dark.addEventListener("change", () => {
  isSystemDark.value = dark.matches;
});

/** What was chosen by hand in this browser; null: as the system has it. */
const chosen = signal<"light" | "dark" | null>(null);
try {
  const kept = localStorage.getItem("theme");
  if (kept === "light" || kept === "dark") chosen.value = kept;
} catch {
  // Storage may be forbidden: then the choice lasts for the visit.
}

export const theme = computed(() => chosen.value ?? (isSystemDark.value ? "dark" : "light"));

effect(() => {
  document.documentElement.dataset["theme"] = theme.value;
});

export function switchTheme(): void {
  chosen.value = theme.value === "dark" ? "light" : "dark";
  try {
    localStorage.setItem("theme", chosen.value);
  } catch {
    // As above.
  }
}
