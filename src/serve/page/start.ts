import { keptTheme } from "./kept-theme.ts";

/**
 * The frame of the page is in its HTML, and is painted before the program is run: running it first would keep the page
 * white for longer. The HTML lets the browser fetch and compile the program meanwhile (serve/assets.ts).
 */
function run(): void {
  import("./main.tsx").catch(() => {
    const place = document.querySelector("main > p");
    if (place !== null) place.textContent = "The page could not be loaded. Reload it.";
  });
}

const theme = keptTheme();
if (theme !== null) document.documentElement.dataset["theme"] = theme;
// A page in the background is not painted.
if (document.hidden) run();
else requestAnimationFrame(() => setTimeout(run));
