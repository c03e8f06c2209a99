// The images of a user, or of everybody, with those in the trash.

import { useSignal } from "@preact/signals";
import { useEffect, useId, useState } from "preact/hooks";

import type { Image } from "../api";
import { moment } from "../formats";
import { Notice } from "../ui/Notice";
import { Failed } from "./Answered";
import { Details } from "./Details";
import { ImageList } from "./ImageList";
import { go, hrefOf, type Query } from "./place";
import { getImages, type Wanted } from "./requests";
import { plainly } from "./said";
import { loading, t, untitled } from "./texts";
import { Thumb } from "./Thumb";

const wantedOf = ({ user_id, from_date, to_date, trash }: Query): Wanted => ({
  ...(user_id && { user_id }),
  ...(from_date && { from_date }),
  ...(to_date && { to_date }),
  ...(trash !== "0" && { include: "trash" as const }),
});

export function ImagesPage({ query }: { query: Query }) {
  const { user_id } = query;
  return (
    <>
      <header class="head">
        <h2>{user_id ? t.imagesOf(user_id) : t.everybody}</h2>
        <a class="button" href={hrefOf("trash", { user_id })}>
          {user_id ? t.purgeTheirs : `${t.purgeTitle}…`}
        </a>
      </header>
      <Dates query={query} />
      <List key={JSON.stringify(query)} query={query} />
    </>
  );
}

function Dates({ query }: { query: Query }) {
  const [from, to] = [useId(), useId()];
  const show = (form: HTMLFormElement): void => {
    const { from_date, to_date, trash } = Object.fromEntries(new FormData(form)) as Query;
    go("images", { user_id: query.user_id, from_date, to_date, trash: trash ? undefined : "0" });
  };
  return (
    <form
      class="filters"
      onSubmit={(event) => {
        event.preventDefault();
        show(event.currentTarget);
      }}
    >
      <div class="field">
        <label for={from}>{t.from}</label>
        <input id={from} name="from_date" type="date" value={query.from_date ?? ""} />
      </div>
      <div class="field">
        <label for={to}>{t.to}</label>
        <input id={to} name="to_date" type="date" value={query.to_date ?? ""} />
      </div>
      <label class="choice">
        <input name="trash" type="checkbox" checked={query.trash !== "0"} />
        {t.withTrash}
      </label>
      <button type="submit">{t.show}</button>
      {(query.from_date ?? query.to_date) && (
        <a class="button" href={hrefOf("images", { user_id: query.user_id, trash: query.trash })}>
          {t.allDates}
        </a>
      )}
    </form>
  );
}

function List({ query }: { query: Query }) {
  const [list] = useState(
    () => new ImageList((cursor, signal) => getImages(wantedOf(query), cursor, signal)),
  );
  const opened = useSignal<Image | null>(null);
  useEffect(() => {
    void list.more();
    return () => list.stop();
  }, [list]);
  const items = list.items.value;
  const problem = list.problem.value;
  const isDone = list.cursor.value === null;
  const shown = opened.value;
  if (isDone && items.length === 0) return <Notice title={t.noImagesTitle} text={t.noImagesText} />;
  return (
    <>
      <ul class="tiles">
        {items.map((image) => (
          <Tile
            key={`${image.owner} ${image.id}`}
            image={image}
            withOwner={!query.user_id}
            onOpen={() => (opened.value = image)}
          />
        ))}
      </ul>
      {problem && <Failed text={plainly(problem)} onRetry={() => void list.more()} />}
      <p class="hint" role="status">
        {list.isAsking.value ? loading : t.shownImages(items.length, list.total.value)}
      </p>
      {!isDone && items.length > 0 && (
        <button type="button" aria-disabled={list.isAsking.value} onClick={() => void list.more()}>
          {t.more}
        </button>
      )}
      {shown && (
        <Details
          image={items.find(({ id, owner }) => id === shown.id && owner === shown.owner) ?? shown}
          onChange={(image) => list.replace(image)}
          onClose={() => (opened.value = null)}
        />
      )}
    </>
  );
}

interface TileProps {
  image: Image;
  withOwner: boolean;
  onOpen: () => void;
}

function Tile({ image, withOwner, onOpen }: TileProps) {
  return (
    <li>
      <button type="button" class="tile" aria-haspopup="dialog" onClick={onOpen}>
        <Thumb src={image.thumb_url} alt="" />
        <span class="unseen">{`${image.prompt ?? untitled}, ${moment(image.created_at)} `}</span>
        {image.status === "trash" && <span class="badge">{t.badge}</span>}
        {withOwner && <span class="whose">{image.owner}</span>}
      </button>
    </li>
  );
}
