// An image as PhotoSwipe takes it.

import type { SlideData } from "photoswipe";

import type { Image } from "../api";
import { nameOf } from "../timeline/Tile";

/** For records that could not be read: their images fit into this. */
const UNKNOWN = 1024;

export function slideOf(image: Image, src: string): SlideData {
  const { id, width, height } = image;
  return {
    id,
    src,
    msrc: thumbOf(id)?.currentSrc ?? image.direct_thumb_url ?? image.thumb_url,
    width: width ?? UNKNOWN,
    height: height ?? UNKNOWN,
    direct: image.direct_url,
    alt: nameOf(image),
    thumbCropped: true,
  };
}

/** The image's thumbnail on the page, if it can be seen there. */
export function thumbOf(id: string): HTMLImageElement | undefined {
  const thumb = document.querySelector<HTMLImageElement>(`[data-id="${CSS.escape(id)}"] img`);
  const box = thumb?.getBoundingClientRect();
  const isSeen = box && box.bottom > 0 && box.top < innerHeight;
  return thumb && isSeen ? thumb : undefined;
}
