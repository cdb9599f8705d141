import { useSignal } from "@preact/signals";
import { sentence } from "../format.ts";
import { begin } from "../state.ts";

/** Shown in an empty view: what it will show, and the command that fills it. */
export function Empty({ what, command }: { what: string; command: string }) {
  const told = useSignal("Copy");
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(command);
      told.value = "Copied";
    } catch {
      // Browsers give no clipboard access without TLS. The command can still be selected.
      told.value = "Select it to copy";
    }
  };
  return (
    <div class="empty">
      <p>{what}</p>
      <p class="command">
        <code>{command}</code>
        <button type="button" onClick={() => begin(copy())}>
          {told.value}
        </button>
      </p>
    </div>
  );
}

/** Shows an error. Anything shown below it is older. */
export function Failed({ error }: { error: string }) {
  return <p class="failed">✕ {sentence(error)} The page tries again by itself.</p>;
}
