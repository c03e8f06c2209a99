// A rubber band: drag with the mouse over the timeline, and all images that it touches are
// selected; with Alt they no longer are. It grows while the window scrolls at its edges.
//
// Images can't be dragged anywhere else here, so it may begin on one.

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import type { Geometry } from "../layout/geometry";
import { overlapping, type Rect } from "./overlap";
import { isSelected, put } from "./selection";

/** How far the mouse goes before it is a drag. */
const SLACK = 6;
/** At the window's edges, where it scrolls, and how fast. */
const EDGE = 60;
const FASTEST = 24;

/** From the top of the timeline, in pixels; null while there is none. */
export const band = signal<Rect | null>(null);

export function useBand(root: { current: HTMLElement | null }, geometry: Geometry): void {
  const latest = useRef(geometry);
  latest.current = geometry;
  useEffect(() => {
    const element = root.current;
    if (!element) return undefined;
    const onDown = (event: PointerEvent): void => {
      const isFree = !(event.target as Element).closest("button, .scrubber, input, dialog");
      const isPlain = event.button === 0 && event.pointerType === "mouse";
      if (isPlain && isFree && !event.shiftKey) new Drag(element, event, () => latest.current);
    };
    // Beside the rows, too: there is little room between them.
    const area = element.closest("main") ?? element;
    area.addEventListener("pointerdown", onDown);
    return () => area.removeEventListener("pointerdown", onDown);
  }, [root]);
}

class Drag {
  private readonly from: { x: number; y: number };
  private pointer: PointerEvent;
  private frame = 0;
  /** What it has changed, which it gives back when it shrinks again. */
  private touched = new Set<string>();
  private readonly on: boolean;
  private readonly end = new AbortController();

  constructor(
    private readonly root: HTMLElement,
    down: PointerEvent,
    private readonly geometry: () => Geometry,
  ) {
    this.from = this.place(down);
    this.pointer = down;
    this.on = !down.altKey;
    const { signal: ended } = this.end;
    addEventListener("pointermove", (event) => this.moved(event), { signal: ended });
    addEventListener("pointerup", () => this.stop(), { signal: ended });
    addEventListener("pointercancel", () => this.stop(), { signal: ended });
    addEventListener("blur", () => this.stop(), { signal: ended });
  }

  private place({ clientX, clientY }: PointerEvent): { x: number; y: number } {
    const { left, top } = this.root.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  }

  private moved(event: PointerEvent): void {
    const first = this.pointer;
    this.pointer = event;
    if (!(event.buttons & 1)) this.stop();
    else if (band.peek()) this.draw();
    else {
      const { x, y } = this.place(event);
      if (Math.hypot(x - this.from.x, y - this.from.y) < SLACK) return void (this.pointer = first);
      getSelection()?.removeAllRanges();
      document.documentElement.classList.add("banding");
      this.scroll();
      this.draw();
    }
  }

  private draw(): void {
    const { x, y } = this.place(this.pointer);
    const rect = {
      left: Math.min(x, this.from.x),
      top: Math.min(y, this.from.y),
      right: Math.max(x, this.from.x),
      bottom: Math.max(y, this.from.y),
    };
    band.value = rect;
    const now = overlapping(this.geometry(), rect);
    const outside = [...this.touched].filter((id) => !now.has(id));
    const added = [...now].filter((id) => !this.touched.has(id) && isSelected(id) !== this.on);
    if (outside.length) put(outside, !this.on);
    if (added.length) put(added, this.on);
    for (const id of outside) this.touched.delete(id);
    for (const id of added) this.touched.add(id);
  }

  /** Goes on as long as it lasts. */
  private scroll(): void {
    const { clientY } = this.pointer;
    const above = Math.max(0, EDGE + this.barHeight() - clientY);
    const below = Math.max(0, clientY - innerHeight + EDGE);
    const by = Math.min(1, (below || above) / EDGE) * FASTEST * (below ? 1 : -1);
    if (by) {
      scrollBy(0, by);
      this.draw();
    }
    this.frame = requestAnimationFrame(() => this.scroll());
  }

  private barHeight(): number {
    return document.querySelector(".bar")?.getBoundingClientRect().height ?? 0;
  }

  private stop(): void {
    this.end.abort();
    cancelAnimationFrame(this.frame);
    document.documentElement.classList.remove("banding");
    if (!band.peek()) return;
    band.value = null;
    // The click that follows a drag is none.
    const swallow = (event: Event): void => {
      event.preventDefault();
      event.stopPropagation();
    };
    addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => removeEventListener("click", swallow, { capture: true }), 0);
  }
}
