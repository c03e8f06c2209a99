// The colours of an image before it is there: its blurhash, as the list brings it. At first their
// mean; the picture of them only where the image keeps one waiting, since most come at once.

import { decode } from "blurhash";
import { useEffect, useRef, useState } from "preact/hooks";

const SIZE = 16;
const PATIENCE_MS = 100;
const DIGITS =
  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";

export function Placeholder({ hash }: { hash: string }) {
  const [waited, setWaited] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setWaited(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  return waited ? <Picture hash={hash} /> : null;
}

function Picture({ hash }: { hash: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    try {
      const pixels = new ImageData(new Uint8ClampedArray(decode(hash, SIZE, SIZE)), SIZE, SIZE);
      context.putImageData(pixels, 0, 0);
    } catch {
      // What is no blurhash shows no colours.
    }
  }, [hash]);
  return <canvas ref={canvas} width={SIZE} height={SIZE} aria-hidden="true" />;
}

/** The mean colour, which is the third to sixth digit in base 83 (github.com/woltapp/blurhash,
 * Algorithm.md). */
export function meanOf(hash: string | null): string | undefined {
  if (!hash || hash.length < 6) return undefined;
  const value = Array.from(hash.slice(2, 6)).reduce(
    (sum, digit) => 83 * sum + DIGITS.indexOf(digit),
    0,
  );
  return `rgb(${value >> 16} ${(value >> 8) & 255} ${value & 255})`;
}
