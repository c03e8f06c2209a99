// Two images in one place: a line between them is moved by pointer or keys, and shows more of
// the one or of the other.

import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";

import type { Image } from "../api";
import { Icon } from "../ui/Icon";
import { Original } from "./Original";
import { t } from "./texts";

const [STEP, LEAP] = [2, 10];

export function Divider({ first, second }: { first: Image; second: Image }) {
  const part = useSignal(50);
  const box = useRef<HTMLDivElement>(null);
  const line = useRef<HTMLDivElement>(null);
  const move = (event: PointerEvent): void => {
    const { left, width } = box.current?.getBoundingClientRect() ?? { left: 0, width: 1 };
    part.value = within(((event.clientX - left) / width) * 100);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const to = keyed(event.key, part.value);
    if (to === null) return;
    event.preventDefault();
    part.value = within(to);
  };
  const percent = Math.round(part.value);
  return (
    <div
      ref={box}
      class="divided"
      onPointerDown={(event) => {
        if (event.button) return;
        event.preventDefault();
        box.current?.setPointerCapture(event.pointerId);
        line.current?.focus();
        move(event);
      }}
      onPointerMove={(event) => event.buttons && move(event)}
    >
      <Original image={second} />
      <div class="over" style={{ clipPath: `inset(0 ${100 - part.value}% 0 0)` }}>
        <Original image={first} />
      </div>
      <span class="side">{t.first}</span>
      <span class="side other">{t.second}</span>
      <div
        ref={line}
        class="line"
        role="slider"
        tabIndex={0}
        aria-label={t.divider}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        aria-valuetext={t.part(percent)}
        style={{ left: `${part.value}%` }}
        onKeyDown={onKeyDown}
      >
        <span>
          <Icon name="slider" />
        </span>
      </div>
    </div>
  );
}

const within = (percent: number): number => Math.min(100, Math.max(0, percent));

function keyed(key: string, part: number): number | null {
  switch (key) {
    case "ArrowLeft":
    case "ArrowDown":
      return part - STEP;
    case "ArrowRight":
    case "ArrowUp":
      return part + STEP;
    case "PageDown":
      return part - LEAP;
    case "PageUp":
      return part + LEAP;
    case "Home":
      return 0;
    case "End":
      return 100;
    default:
      return null;
  }
}
