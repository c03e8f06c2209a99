// Own images to choose from, for a drawer.

import { useEffect, useRef, useState } from "preact/hooks";

import { getImages, Problem, type Image } from "../api";
import { said, t as shared } from "../i18n";
import { nameOf } from "../timeline/Tile";
import { Dialog } from "../ui/Dialog";
import { copyAll, type Drawer } from "./copying";
import { drawerName, t } from "./texts";

const SIZE = 60;
const PAUSE_MS = 250;

interface Props {
  kind: Drawer;
  onClose: () => void;
}

export function CopyDialog({ kind, onClose }: Props) {
  const [q, setWords] = useState("");
  const { images, next, problem, more } = useImages(q);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [isBusy, setBusy] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const toggle = (id: string): void => {
    const now = new Set(chosen);
    if (!now.delete(id)) now.add(id);
    setChosen(now);
  };
  const copy = async (): Promise<void> => {
    setBusy(true);
    const done = await copyAll(kind, [...chosen]);
    if (done) onClose();
    else setBusy(false);
  };
  return (
    <Dialog title={t.copyTitle(drawerName(kind))} kind="copying" onClose={onClose}>
      <p>{t.copyText}</p>
      <input
        type="search"
        aria-label={t.search}
        placeholder={t.search}
        onInput={({ currentTarget: { value } }) => {
          clearTimeout(timer.current);
          timer.current = setTimeout(() => setWords(value.trim()), PAUSE_MS);
        }}
      />
      <div class="picks">
        {images?.map((image) => (
          <Pick key={image.id} image={image} isChosen={chosen.has(image.id)} onToggle={toggle} />
        ))}
        {images && !images.length && <p>{t.none}</p>}
        {problem && <p>{said(problem)}</p>}
        {(next ?? problem) && (
          <button type="button" class="more" onClick={more}>
            {next ? t.showMore : shared.retry}
          </button>
        )}
      </div>
      <footer>
        <button type="button" onClick={onClose}>
          {shared.cancel}
        </button>
        <button
          type="button"
          class="primary"
          disabled={!chosen.size || isBusy}
          onClick={() => void copy()}
        >
          {t.copy(chosen.size)}
        </button>
      </footer>
    </Dialog>
  );
}

interface PickProps {
  image: Image;
  isChosen: boolean;
  onToggle: (id: string) => void;
}

function Pick({ image, isChosen, onToggle }: PickProps) {
  return (
    <button
      type="button"
      class="pick"
      aria-pressed={isChosen}
      aria-label={nameOf(image)}
      onClick={() => onToggle(image.id)}
    >
      <img src={image.direct_thumb_url ?? image.thumb_url} alt="" loading="lazy" />
    </button>
  );
}

/** The newest that match, page after page. */
function useImages(q: string) {
  const [images, setImages] = useState<Image[] | null>(null);
  const [next, setNext] = useState<string | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [cursor, setCursor] = useState("");
  /** The same page is asked for again if it did not come. */
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    const query = {
      kind: "output",
      size: SIZE,
      ...(cursor && { cursor }),
      ...(q && { q }),
    } as const;
    getImages(query, stop.signal).then(
      ({ items, next_cursor }) => {
        setImages((known) => (cursor && known ? [...known, ...items] : items));
        setNext(next_cursor);
        setProblem(null);
      },
      (error: unknown) => {
        if (!stop.signal.aborted && error instanceof Problem) setProblem(error);
      },
    );
    return () => stop.abort();
  }, [q, cursor, asked]);
  useEffect(() => {
    setCursor("");
    setNext(null);
  }, [q]);
  const more = (): void => {
    setCursor(next ?? "");
    setAsked(asked + 1);
  };
  return { images, next, problem, more };
}
