import { keptTheme } from "./kept-theme.ts";

/**
 * The page's frame is in its HTML and is painted before the program is fetched and run. Even preloading the program
 * would keep the page blank for longer: by 80 ms on a busy machine with two cores.
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
