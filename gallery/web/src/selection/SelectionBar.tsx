// What is selected, and what can be done with it.

import { useEffect, useRef, useState } from "preact/hooks";

import { bytes as sizeOf } from "../formats";
import { route } from "../route";
import { present } from "../sections";
import { announce } from "../ui/Announcer";
import { leaving } from "../ui/focus";
import { Icon, type IconName } from "../ui/Icon";
import { MOST_COPIES, type Drawer } from "../upload/copying";
import { DrawerDialog } from "../upload/DrawerDialog";
import { t as copies } from "../upload/texts";
import * as commands from "./commands";
import { bytes, chosen, count, isAll, isSelecting, selectAll, selectNone } from "./selection";
import "./selection.css";
import { tagging } from "./tagging";
import { t } from "./texts";

export function SelectionBar() {
  useAnnounced();
  if (!isSelecting.value) return null;
  const total = present.value?.total ?? 0;
  return (
    <section class="selection" aria-label={t.bar}>
      <button
        type="button"
        class="plain"
        title={t.clear}
        aria-label={t.clear}
        onClick={leaving(selectNone)}
        aria-keyshortcuts="Escape"
      >
        ✕
      </button>
      <p class="selected">
        {isAll.value ? t.all(count.value) : t.selected(count.value)}
        {bytes.value !== null && <span>{sizeOf(bytes.value)}</span>}
      </p>
      {count.value < total && (
        <button type="button" class="every" onClick={selectAll}>
          {t.selectAll(total)}
        </button>
      )}
      <div class="deeds">{route.value.page === "trash" ? <InTrash /> : <Active />}</div>
    </section>
  );
}

function Active() {
  const isFavorite = commands.allAreFavorites();
  return (
    <>
      {count.value === 2 && <Deed icon="compare" text={t.compare} act={commands.compareChosen} />}
      <Deed
        icon={isFavorite ? "unheart" : "heart"}
        text={isFavorite ? t.unfavorite : t.favorite}
        act={commands.favoriteChosen}
      />
      <Deed icon="tag" text={t.tag} act={() => (tagging.value = chosen())} />
      <Deed icon="download" text={t.download} act={commands.downloadChosen} />
      {route.value.page === "gallery" && count.value <= MOST_COPIES && <CopyTo />}
      <Deed icon="trash" text={t.trash} act={leaving(commands.trashChosen)} />
    </>
  );
}

function InTrash() {
  return (
    <>
      <Deed icon="restore" text={t.restore} act={leaving(commands.restoreChosen)} />
      <Deed icon="trash" text={t.purge} act={commands.purgeChosen} isDanger />
    </>
  );
}

function CopyTo() {
  const [isAsked, setAsked] = useState(false);
  const close = (): void => setAsked(false);
  const copy = (kind: Drawer): void => {
    close();
    void commands.copyChosen(kind);
  };
  return (
    <>
      <Deed icon="copy" text={copies.copyInto} act={() => setAsked(true)} />
      {isAsked && <DrawerDialog onChoose={copy} onClose={close} />}
    </>
  );
}

interface DeedProps {
  icon: IconName;
  text: string;
  act: (event: MouseEvent) => unknown;
  isDanger?: boolean;
}

function Deed({ icon, text, act, isDanger }: DeedProps) {
  return (
    <button
      type="button"
      class={isDanger ? "danger" : ""}
      title={text}
      onClick={(event) => void act(event)}
    >
      <Icon name={icon} />
      <span>{text}</span>
    </button>
  );
}

/** Says how many, once it has stopped changing. */
function useAnnounced(): void {
  const n = count.value;
  const last = useRef(0);
  useEffect(() => {
    const timer = setTimeout(() => {
      if (n !== last.current) announce(n ? t.selected(n) : t.none);
      last.current = n;
    }, 400);
    return () => clearTimeout(timer);
  }, [n]);
}
