import { useSignal } from "@preact/signals";
import { begin } from "../state.ts";

/** What a view will show, and the one command that fills it. */
export function Empty({ what, command }: { what: string; command: string }) {
  const isCopied = useSignal(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(command);
    isCopied.value = true;
  };
  return (
    <div class="empty">
      <p>{what}</p>
      <p class="command">
        <code>{command}</code>
        <button type="button" onClick={() => begin(copy())}>
          {isCopied.value ? "Copied" : "Copy"}
        </button>
      </p>
    </div>
  );
}

/** Says what went wrong, and that the page tries again. */
export function Failed({ error }: { error: string }) {
  return (
    <p class="failed" role="status">
      ✕ {error}. The page tries again by itself.
    </p>
  );
}
