// Empties the trash, once the number of images in it was typed.

import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";

import { emptyTrash, Problem } from "../api";
import { said, t as texts } from "../i18n";
import { typed } from "../formats";
import { meetSoon } from "../store";
import { Dialog } from "../ui/Dialog";
import { tell } from "../ui/Toasts";
import { t } from "./texts";
import type { TrashList } from "./TrashList";

export function EmptyDialog({ list, onClose }: { list: TrashList; onClose: () => void }) {
  const [field, problem] = [useId(), useId()];
  const text = useSignal("");
  const wrong = useSignal("");
  const isBusy = useSignal(false);
  const { total } = list;
  const isRight = typed(text.value) === total;

  const empty = async (): Promise<void> => {
    isBusy.value = true;
    try {
      const { purged } = await emptyTrash(total);
      list.clear();
      onClose();
      tell(t.emptied(purged));
      meetSoon();
    } catch (error) {
      const refused = error instanceof Problem ? error : new Problem(0, "failed", "");
      await list.load();
      text.value = "";
      wrong.value = refused.code === "trash_changed" ? t.changed(list.total) : said(refused);
    } finally {
      isBusy.value = false;
    }
  };
  return (
    <Dialog title={t.emptyQuestion(total)} onClose={onClose}>
      <form
        class="emptying"
        onSubmit={(event) => {
          event.preventDefault();
          if (isRight && !isBusy.value) void empty();
        }}
      >
        <p>{t.emptyWarning}</p>
        <label for={field}>{t.typeCount(total)}</label>
        <input
          id={field}
          data-autofocus
          inputMode="numeric"
          autocomplete="off"
          value={text.value}
          aria-describedby={problem}
          onInput={({ currentTarget }) => (text.value = currentTarget.value)}
        />
        <p id={problem} class="wrong" role="alert">
          {wrong.value}
        </p>
        <footer>
          <button type="button" onClick={onClose}>
            {texts.cancel}
          </button>
          <button type="submit" class="filled" disabled={!isRight || isBusy.value}>
            {isBusy.value ? t.busy : t.empty}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
