// One image among the others.

import { memo } from "preact/compat";
import { useEffect, useRef, useState } from "preact/hooks";

import type { Image } from "../api";
import { t } from "../i18n";
import { signalOf } from "../images";
import { follow, hrefOf, route } from "../route";
import { isSelected } from "../selection/selection";
import { returns } from "../trouble";
import { meanOf, Placeholder } from "./Placeholder";

export interface TileProps {
  id: string;
  left: number;
  width: number;
  height: number;
  /** From 0, among so many. */
  index: number;
  total: number;
  /** Whether Tab comes here. */
  isCursor: boolean;
  /** Rushing past: nothing is loaded yet. */
  hurried: boolean;
}

export const nameOf = (image: Image): string =>
  image.prompt?.slice(0, 300) ?? image.original_filename ?? t.untitled;

export const Tile = memo(function Tile(props: TileProps) {
  const { id, left, width, height, index, total, isCursor, hurried } = props;
  const image = signalOf(id)?.value;
  const box = { left, width, height };
  if (!image) return <div class="tile" role="gridcell" style={box} />;
  const isChecked = isSelected(id);
  const name = nameOf(image);
  const label = t.tile(index + 1, total, image.favorite ? `${name}, ${t.isFavorite}` : name);
  return (
    <div class="tile" role="gridcell" style={box} data-id={id} aria-selected={isChecked}>
      <a
        href={hrefOf({ ...route.value, image: id })}
        style={{ backgroundColor: meanOf(image.blurhash) }}
        tabIndex={isCursor ? 0 : -1}
        aria-label={label}
        onClick={follow({ image: id })}
        draggable={false}
      >
        {!hurried && <Thumbnail image={image} />}
      </a>
      {image.favorite && (
        <span class="heart" aria-hidden="true">
          ♥
        </span>
      )}
      <button
        type="button"
        class="check"
        role="checkbox"
        tabIndex={-1}
        aria-checked={isChecked}
        aria-label={t.select(name)}
      />
    </div>
  );
});

/** The link past the server first, where there is one: it may have run out, then the other. What
 * failed while the server was away is tried again when it is back. */
function Thumbnail({ image }: { image: Image }) {
  const [failed, setFailed] = useState(0);
  const [loaded, setLoaded] = useState(false);
  const urls = [image.direct_thumb_url, image.thumb_url].filter((url) => url !== undefined);
  const url = urls[failed];
  if (url === undefined) return <Broken onReturn={() => setFailed(0)} />;
  return (
    <>
      {!loaded && image.blurhash && <Placeholder hash={image.blurhash} />}
      <img
        src={url}
        alt=""
        decoding="async"
        draggable={false}
        onLoad={() => setLoaded(true)}
        onError={() => setFailed(failed + 1)}
      />
    </>
  );
}

function Broken({ onReturn }: { onReturn: () => void }) {
  const now = returns.value;
  const since = useRef(now);
  useEffect(() => {
    if (now !== since.current) onReturn();
  }, [now, onReturn]);
  return <span class="broken" aria-hidden="true" />;
}
