// A small plot for bench/results: lines over minutes, on a scale starting at zero.

const WIDTH = 720;
const HEIGHT = 260;
const MARGIN = { left: 48, right: 12, top: 34, bottom: 34 };
const COLOURS = ["#1f6feb", "#8250df", "#bf8700", "#1a7f37"];
const STEPS = 4;

export interface Line {
  readonly name: string;
  /** Times in minutes. */
  readonly points: readonly (readonly [minute: number, value: number])[];
}

/** The next greater of 1, 2, 5 and 10 times a power of ten. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return [1, 2, 5, 10].map((times) => times * power).find((step) => step >= value) ?? value;
}

/** The lines as an SVG image; names are not escaped. */
export function linePlot(title: string, lines: readonly Line[]): string {
  const all = lines.flatMap(({ points }) => points);
  const most = niceAbove(Math.max(1, ...all.map(([, value]) => value)));
  const last = Math.max(1, ...all.map(([minute]) => minute));
  const x = (minute: number): string =>
    (MARGIN.left + (minute / last) * (WIDTH - MARGIN.left - MARGIN.right)).toFixed(1);
  const y = (value: number): string =>
    (HEIGHT - MARGIN.bottom - (value / most) * (HEIGHT - MARGIN.top - MARGIN.bottom)).toFixed(1);
  const steps = Array.from({ length: STEPS + 1 }, (_, at) => at / STEPS);
  const rules = steps.flatMap((share) => [
    `<path d="M${MARGIN.left} ${y(share * most)}H${WIDTH - MARGIN.right}" stroke="#d0d7de"/>`,
    `<text x="${MARGIN.left - 6}" y="${y(share * most)}" text-anchor="end" dy="4">${share * most}</text>`,
    `<text x="${x(share * last)}" y="${HEIGHT - 14}" text-anchor="middle">${Math.round(share * last)} min</text>`,
  ]);
  const curves = lines.flatMap(({ name, points }, at) => {
    const colour = COLOURS[at % COLOURS.length];
    const way = points.map(([minute, value]) => `${x(minute)} ${y(value)}`).join("L");
    return [
      `<path d="M${way}" fill="none" stroke="${colour}" stroke-width="1.5"/>`,
      `<text x="${MARGIN.left + 180 * at}" y="28" fill="${colour}">${name}</text>`,
    ];
  });
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${MARGIN.left}" y="14" font-weight="bold">${title}</text>`,
    ...rules,
    ...curves,
    "</svg>",
  ].join("\n")}\n`;
}
