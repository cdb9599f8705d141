import { useSignal } from "@preact/signals";
import { options, render } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { escapeText } from "../../lib/format/escape.ts";
import { keepLive } from "./live.ts";
import { Login } from "./login.tsx";
import { boardName, go, HEADINGS, liveness, needsLogin, place, VIEWS, type View } from "./state.ts";
import { switchTheme, theme } from "./theme.ts";
import { Clock } from "./views/clock.tsx";
import { Nodes } from "./views/nodes.tsx";
import { Overview } from "./views/overview.tsx";
import { System } from "./views/system.tsx";
import { Uploads } from "./views/uploads.tsx";

const SHOWN: Readonly<Record<View, () => preact.JSX.Element | null>> = {
  overview: Overview,
  clock: Clock,
  nodes: Nodes,
  uploads: Uploads,
  system: System,
};

function Live() {
  // Without the token there is no connection to speak of.
  if (needsLogin.value) return null;
  const state = liveness.value;
  switch (state.type) {
    case "live":
      return <span class="mark ok">● live</span>;
    case "reconnecting":
      return <span class="mark warn">▲ reconnecting</span>;
    case "stale":
      return (
        <span class="mark bad">
          ✕ stale since {state.since.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })}
        </span>
      );
  }
}

function Help({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} onClose={onClose} aria-label="Keys">
      <h2>Keys</h2>
      <dl>
        <dt>
          <kbd>1</kbd>–<kbd>5</kbd>
        </dt>
        <dd>{VIEWS.map((name) => HEADINGS[name]).join(", ")}</dd>
        <dt>
          <kbd>/</kbd>
        </dt>
        <dd>filter the nodes</dd>
        <dt>
          <kbd>←</kbd> <kbd>→</kbd>
        </dt>
        <dd>in a chart: the values of one moment</dd>
        <dt>
          <kbd>?</kbd>
        </dt>
        <dd>this help</dd>
        <dt>
          <kbd>Esc</kbd>
        </dt>
        <dd>close</dd>
      </dl>
      <button type="button" onClick={() => dialog.current?.close()}>
        Close
      </button>
    </dialog>
  );
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement && target.type !== "checkbox";
}

/** The time another view needs to be drawn. Keys typed before that would act as shortcuts. */
const DRAWN_MS = 50;

/** Keyboard shortcuts outside of text fields: digits for views, the filter, help. */
function onKey(event: KeyboardEvent, showHelp: () => void): void {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const numbered = VIEWS[Number(event.key) - 1];
  if (numbered !== undefined) go(numbered);
  if (event.key === "?") showHelp();
  if (event.key !== "/") return;
  event.preventDefault();
  const focus = (): void => document.getElementById("filter")?.focus();
  if (place.value.view === "nodes") focus();
  else {
    go("nodes");
    // The view must be drawn first.
    setTimeout(focus, DRAWN_MS);
  }
}

/** Moves the focus to the heading of a newly opened view, so that screen readers continue there. */
function useHeadingFocus(view: View) {
  const heading = useRef<HTMLHeadingElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    if (!isFirst.current) heading.current?.focus({ preventScroll: true });
    if (!isFirst.current) scrollTo(0, 0);
    isFirst.current = false;
  }, [view]);
  return heading;
}

function App() {
  const showsHelp = useSignal(false);
  const { view } = place.value;
  const heading = useHeadingFocus(view);
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => onKey(event, () => (showsHelp.value = true));
    addEventListener("keydown", listener);
    return () => removeEventListener("keydown", listener);
  }, []);
  const Shown = SHOWN[view];
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => (event.preventDefault(), document.getElementById("main")?.focus())}
      >
        Skip to the content
      </a>
      <header>
        <div class="top">
          <span class="name">{boardName.value}</span>
          <nav aria-label="Views">
            {VIEWS.map((name) => (
              <a
                key={name}
                href={`#/${name}`}
                {...(name === view ? { "aria-current": "page" as const } : {})}
              >
                {HEADINGS[name]}
              </a>
            ))}
          </nav>
          <span class="live" role="status" aria-live="polite">
            <Live />
          </span>
          <button type="button" class="plain" onClick={switchTheme}>
            {theme.value === "dark" ? "Light" : "Dark"}
          </button>
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        <h1 ref={heading} tabIndex={-1}>
          {HEADINGS[view]}
        </h1>
        {needsLogin.value ? <Login /> : <Shown />}
      </main>
      {showsHelp.value ? <Help onClose={() => (showsHelp.value = false)} /> : null}
    </>
  );
}

/**
 * Names, reasons and messages come from strangers: whatever turns their direction or cannot be seen is shown as an
 * escape, as on a terminal. Every text of the page is a vnode without a type.
 */
function escapeAllText(): void {
  const before = options.vnode?.bind(options);
  options.vnode = (vnode) => {
    const text: unknown = vnode.props;
    if (typeof text === "string") Object.assign(vnode, { props: escapeText(text) });
    before?.(vnode);
  };
}

escapeAllText();
const root = document.getElementById("app");
if (root !== null) render(<App />, root);
keepLive();
