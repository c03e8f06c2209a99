// A thumbnail, asked for with the token, which an `<img>` alone cannot send.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { Limited } from "./limited";
import { getThumbnail } from "./requests";
import { t } from "./texts";

/** Browsers open six connections to a site: one is left for what is clicked meanwhile. */
const queue = new Limited(5);

export function Thumb({ src, alt }: { src: string; alt: string }) {
  const url = useSignal("");
  const isBroken = useSignal(false);
  useEffect(() => {
    const asking = new AbortController();
    let made = "";
    const show = async (): Promise<void> => {
      try {
        const blob = await queue.run(() => getThumbnail(src, asking.signal), asking.signal);
        if (asking.signal.aborted) return;
        url.value = made = URL.createObjectURL(blob);
      } catch {
        isBroken.value = !asking.signal.aborted;
      }
    };
    void show();
    return () => {
      asking.abort();
      if (made) URL.revokeObjectURL(made);
    };
  }, [src, url, isBroken]);
  if (isBroken.value) return <span class="thumb broken">{t.noThumbnail}</span>;
  if (!url.value) return <span class="thumb" />;
  return <img class="thumb" src={url.value} alt={alt} onError={() => (isBroken.value = true)} />;
}
