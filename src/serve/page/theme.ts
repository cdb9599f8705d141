import { computed, effect, signal } from "@preact/signals";
import { keptTheme } from "./kept-theme.ts";

const dark = matchMedia("(prefers-color-scheme: dark)");
const isSystemDark = signal(dark.matches);
dark.addEventListener("change", () => {
  isSystemDark.value = dark.matches;
});

const chosen = signal(keptTheme());

export const theme = computed(() => chosen.value ?? (isSystemDark.value ? "dark" : "light"));

effect(() => {
  document.documentElement.dataset["theme"] = theme.value;
});

export function switchTheme(): void {
  chosen.value = theme.value === "dark" ? "light" : "dark";
  try {
    localStorage.setItem("theme", chosen.value);
  } catch {
    // The choice lasts for the visit.
  }
}
