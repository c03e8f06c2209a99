// Asks for the token.

import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";

import { problemOf } from "./answer";
import { check } from "./requests";
import { plainly } from "./said";
import { refusal, signIn } from "./session";
import { t } from "./texts";

export function SignIn() {
  const [field, hint, problem] = [useId(), useId(), useId()];
  const input = useRef<HTMLInputElement>(null);
  const text = useSignal("");
  const wrong = useSignal(refusal.value ? plainly(refusal.value) : "");
  const isBusy = useSignal(false);
  useEffect(() => input.current?.focus(), []);

  const enter = async (): Promise<void> => {
    const token = text.value.trim();
    wrong.value = token ? "" : t.tokenNeeded;
    if (!token || isBusy.value) return;
    isBusy.value = true;
    try {
      await check(token);
      signIn(token);
    } catch (error) {
      wrong.value = plainly(problemOf(error));
      input.current?.select();
    } finally {
      isBusy.value = false;
    }
  };
  return (
    <main>
      <form
        class="sign-in card"
        onSubmit={(event) => {
          event.preventDefault();
          void enter();
        }}
      >
        <label for={field}>{t.token}</label>
        <input
          ref={input}
          id={field}
          type="password"
          autocomplete="off"
          value={text.value}
          aria-describedby={`${hint} ${problem}`}
          aria-invalid={wrong.value !== ""}
          onInput={({ currentTarget }) => (text.value = currentTarget.value)}
        />
        <p id={hint} class="hint">
          {t.tokenHint}
        </p>
        <p id={problem} class="wrong" role="alert">
          {wrong.value}
        </p>
        <button type="submit" class="primary">
          {isBusy.value ? t.signingIn : t.signIn}
        </button>
      </form>
    </main>
  );
}
