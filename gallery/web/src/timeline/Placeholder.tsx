// The colours of an image before it is there: its blurhash, as the list brings it.

import { decode } from "blurhash";
import { useLayoutEffect, useRef } from "preact/hooks";

const SIZE = 16;

export function Placeholder({ hash, hurried }: { hash: string | null; hurried: boolean }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context || !hash || hurried) return;
    try {
      const pixels = new ImageData(new Uint8ClampedArray(decode(hash, SIZE, SIZE)), SIZE, SIZE);
      context.putImageData(pixels, 0, 0);
    } catch {
      // What is no blurhash shows no colours.
    }
  }, [hash, hurried]);
  return <canvas ref={canvas} width={SIZE} height={SIZE} aria-hidden="true" />;
}
