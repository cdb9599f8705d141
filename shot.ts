import { chromium } from "playwright-core";
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
const [base = "http://127.0.0.1:8099", ...views] = process.argv.slice(2);
for (const [w, scheme] of [
  [1280, "light"],
  [1280, "dark"],
  [360, "light"],
  [360, "dark"],
] as const) {
  const ctx = await browser.newContext({ viewport: { width: w, height: 800 }, colorScheme: scheme });
  const page = await ctx.newPage();
  page.on("console", (m) => console.log(w, scheme, m.type(), m.text()));
  page.on("pageerror", (e) => console.log("pageerror", e.message));
  for (const v of views) {
    await page.goto(`${base}/#/${v}`);
    await page.waitForTimeout(700);
    const name = v.split("?")[0];
    await page.screenshot({ path: `/tmp/sv/${name}-${w}-${scheme}.png`, fullPage: true });
    const over = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    if (over > 0) console.log("horizontal scroll", v, w, over);
  }
  await ctx.close();
}
await browser.close();
