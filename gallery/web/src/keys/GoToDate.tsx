// Asks for a date, and shows what was made then.

import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";

import { t as texts } from "../i18n";
import { present } from "../sections";
import { show } from "../timeline/cursor";
import { Dialog } from "../ui/Dialog";
import { attempt } from "../ui/Toasts";
import "./date.css";
import { t } from "./texts";

/** Brings the first image of a date into sight, or of the day before it that has any. */
async function goTo(date: string): Promise<void> {
  const list = present.peek();
  const days = list?.days.peek() ?? [];
  const found = days.findIndex((day) => day.date <= date);
  const at = found < 0 ? days.length - 1 : found;
  const index = days.slice(0, at).reduce((sum, { count }) => sum + count, 0);
  const id = await list?.idAt(index);
  if (id) show(id);
}

export function GoToDate({ onClose }: { onClose: () => void }) {
  const id = useId();
  const days = present.value?.days.value ?? [];
  const date = useSignal(days[0]?.date ?? "");
  return (
    <Dialog title={t.date} onClose={onClose}>
      <form
        class="go-to"
        onSubmit={(event) => {
          event.preventDefault();
          onClose();
          void attempt(() => goTo(date.value));
        }}
      >
        <label for={id}>{t.days}</label>
        <input
          id={id}
          type="date"
          data-autofocus
          required
          value={date.value}
          min={days.at(-1)?.date}
          max={days[0]?.date}
          onInput={({ currentTarget }) => (date.value = currentTarget.value)}
        />
        <footer>
          <button type="button" onClick={onClose}>
            {texts.cancel}
          </button>
          <button type="submit" class="primary">
            {t.goTo}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
