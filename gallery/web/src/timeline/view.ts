// What part of the timeline is in the window, and how fast it goes past.

import { signal, type Signal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useMemo } from "preact/hooks";

export interface View {
  /** Of the timeline, in pixels; 0 before it is there. */
  width: Signal<number>;
  /** The window's upper and lower edge, from the timeline's top. */
  top: Signal<number>;
  height: Signal<number>;
  hurried: Signal<boolean>;
}

/** Windows a second; what goes past faster can't be looked at. */
const HURRIED = 6;
const CALM_MS = 120;

export function useView(root: RefObject<HTMLElement | null>): View {
  const view = useMemo<View>(
    () => ({ width: signal(0), top: signal(0), height: signal(0), hurried: signal(false) }),
    [],
  );
  useEffect(() => {
    const element = root.current;
    if (!element) return undefined;
    let [frame, last, lastAt] = [0, scrollY, performance.now()];
    let calm: ReturnType<typeof setTimeout> | undefined;
    const measure = (): void => {
      frame = 0;
      const now = performance.now();
      const { top, width } = element.getBoundingClientRect();
      const speed = Math.abs(scrollY - last) / innerHeight / Math.max(0.016, (now - lastAt) / 1000);
      [last, lastAt] = [scrollY, now];
      [view.width.value, view.top.value, view.height.value] = [width, -top, innerHeight];
      if (speed > HURRIED) view.hurried.value = true;
      if (!view.hurried.peek()) return;
      clearTimeout(calm);
      calm = setTimeout(() => (view.hurried.value = false), CALM_MS);
    };
    const soon = (): void => {
      frame ||= requestAnimationFrame(measure);
    };
    const sizes = new ResizeObserver(soon);
    sizes.observe(element);
    addEventListener("scroll", soon, { passive: true });
    addEventListener("resize", soon);
    measure();
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(calm);
      sizes.disconnect();
      removeEventListener("scroll", soon);
      removeEventListener("resize", soon);
    };
  }, [root, view]);
  return view;
}
