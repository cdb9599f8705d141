import { useSignal } from "@preact/signals";
import { send } from "./api.ts";
import { sentence } from "./format.ts";
import { begin, needsLogin, refresh } from "./state.ts";

/** Asks for the token once. The session is kept in a cookie that scripts cannot read. */
export function Login() {
  const error = useSignal<string | null>(null);
  const token = useSignal("");
  const login = async (): Promise<void> => {
    try {
      await send("/api/login", { token: token.value });
      needsLogin.value = false;
      token.value = "";
      await refresh();
    } catch (thrown) {
      error.value = thrown instanceof Error ? thrown.message : String(thrown);
    }
  };
  return (
    <form
      class="panel login"
      onSubmit={(event) => {
        event.preventDefault();
        begin(login());
      }}
    >
      <h2>This board needs a token</h2>
      <label>
        Token{" "}
        <input
          type="password"
          autocomplete="current-password"
          value={token.value}
          onInput={(event) => (token.value = event.currentTarget.value)}
        />
      </label>{" "}
      <button type="submit">Open the board</button>
      {error.value === null ? null : <p class="failed">✕ {sentence(error.value)}</p>}
    </form>
  );
}
