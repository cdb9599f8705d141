import { keptTheme } from "./kept-theme.ts";

/**
 * The page's frame is in its HTML and is painted before the program runs. Running it first would keep the page blank
 * for longer. Meanwhile the browser can fetch and compile the program (serve/assets.ts).
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
