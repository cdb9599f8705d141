import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { ago, type Figure as FigureText } from "../format.ts";
import { nowMs } from "../state.ts";

/** A number with its unit, smaller and muted. A changed number fades in, unless reduced motion is preferred. */
export function Figure({ of: { value, unit } }: { of: FigureText }) {
  const before = useRef(value);
  const hasChanged = before.current !== value;
  useEffect(() => {
    before.current = value;
  }, [value]);
  return (
    // A new key makes a new element, so that each change plays the animation from the start.
    <span key={value} class={hasChanged ? "figure changed" : "figure"}>
      {value}
      {unit === "" ? null : <small>{unit === "%" ? unit : ` ${unit}`}</small>}
    </span>
  );
}

/** A time relative to now, with the full time as tooltip. */
export function Ago({ at }: { at: string | null }) {
  if (at === null) return <span class="muted">never</span>;
  const full = new Date(at).toLocaleString("en-GB", { dateStyle: "full", timeStyle: "long" });
  return (
    <time dateTime={at} title={full}>
      {ago(at, nowMs.value)}
    </time>
  );
}

const SIGNS = { ok: "●", busy: "◌", warn: "▲", bad: "✕" } as const;
export type State = keyof typeof SIGNS;

/** A state as a symbol and a word: never by colour alone. */
export function Mark({ state, children }: { state: State; children: ComponentChildren }) {
  return (
    <span class={`mark ${state}`}>
      <span aria-hidden="true">{SIGNS[state]}</span> {children}
    </span>
  );
}

/** A state whose text is longer than a word: only the symbol is coloured. */
export function Told({ state, children }: { state: State; children: ComponentChildren }) {
  return (
    <span class="told">
      <span class={`mark ${state}`} aria-hidden="true">
        {SIGNS[state]}
      </span>{" "}
      {children}
    </span>
  );
}

const WIDTH = 120;
const HEIGHT = 28;

/** A small line without axes, next to a number. Gaps stay gaps. */
export function Sparkline({ values, label }: { values: readonly (number | null)[]; label: string }) {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return null;
  const least = Math.min(...known);
  const span = Math.max(...known) - least || 1;
  const step = WIDTH / Math.max(1, values.length - 1);
  let path = "";
  let isDown = false;
  for (const [at, value] of values.entries()) {
    if (value === null) {
      isDown = false;
      continue;
    }
    const y = HEIGHT - 2 - ((value - least) / span) * (HEIGHT - 4);
    path += `${isDown ? "L" : "M"}${(at * step).toFixed(1)} ${y.toFixed(1)}`;
    isDown = true;
  }
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={label}
      preserveAspectRatio="none"
    >
      <path
        d={path}
        fill="none"
        stroke="currentColor"
        stroke-width="1.5"
        vector-effect="non-scaling-stroke"
      />
    </svg>
  );
}
