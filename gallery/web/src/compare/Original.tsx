// An image in its own size, as far as there is room. Its thumbnail stands in until it has come.

import { useState } from "preact/hooks";

import type { Image } from "../api";
import { t as shared } from "../i18n";
import { nameOf } from "../timeline/Tile";
import { t } from "../viewer/texts";

export function Original({ image }: { image: Image }) {
  const [failed, setFailed] = useState(0);
  const urls = [image.direct_url, image.url].filter((url) => url !== undefined);
  const url = urls[failed];
  if (url === undefined) {
    return (
      <div class="original">
        <p class="failed" role="alert">
          {t.brokenTitle}
          <button type="button" onClick={() => setFailed(0)}>
            {shared.retry}
          </button>
        </p>
      </div>
    );
  }
  return (
    <div class="original">
      <img
        key={url}
        src={url}
        alt={nameOf(image)}
        draggable={false}
        style={{ backgroundImage: `url("${image.direct_thumb_url ?? image.thumb_url}")` }}
        width={image.width ?? undefined}
        height={image.height ?? undefined}
        onError={() => setFailed(failed + 1)}
      />
    </div>
  );
}
