import { useSignal } from "@preact/signals";
import { render } from "preact";
import { useEffect, useRef } from "preact/hooks";
import "uplot/dist/uPlot.min.css";
import { keepLive } from "./live.ts";
import { Login } from "./login.tsx";
import { go, liveness, needsLogin, place, VIEWS, type View } from "./state.ts";
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

const HEADINGS: Readonly<Record<View, string>> = {
  overview: "Overview",
  clock: "Clock",
  nodes: "Nodes",
  uploads: "Uploads",
  system: "System",
};

function Live() {
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
        <dt>1–5</dt>
        <dd>the views</dd>
        <dt>/</dt>
        <dd>filter</dd>
        <dt>?</dt>
        <dd>this help</dd>
        <dt>Esc</dt>
        <dd>closes</dd>
      </dl>
      <button type="button" onClick={() => dialog.current?.close()}>
        Close
      </button>
    </dialog>
  );
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
}

function App() {
  const showsHelp = useSignal(false);
  const { view } = place.value;
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const numbered = VIEWS[Number(event.key) - 1];
      if (numbered !== undefined) go(numbered);
      if (event.key === "?") showsHelp.value = true;
      const filter = document.getElementById("filter");
      if (event.key === "/" && filter !== null) {
        event.preventDefault();
        filter.focus();
      }
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
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
        <span class="name">{location.hostname}</span>
        <nav aria-label="Views">
          {VIEWS.map((name) => (
            <a key={name} href={`#/${name}`} {...(name === view ? { "aria-current": "page" as const } : {})}>
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
      </header>
      <main id="main" tabIndex={-1}>
        <h1>{HEADINGS[view]}</h1>
        {needsLogin.value ? <Login /> : <Shown />}
      </main>
      {showsHelp.value ? <Help onClose={() => (showsHelp.value = false)} /> : null}
    </>
  );
}

const root = document.getElementById("app");
if (root !== null) render(<App />, root);
keepLive();
