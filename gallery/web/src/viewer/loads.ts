// Whether the shown image's original has come. A link past the server may have run out: then
// it comes from the server itself.

import { signal } from "@preact/signals";
import type PhotoSwipe from "photoswipe";

import type { Image } from "../api";

export type State = "loading" | "slow" | "shown" | "broken";

const SLOW_MS = 15_000;

export class Loads {
  readonly state = signal<State>("loading");
  /** Images whose link past the server failed. */
  private readonly failed = new Set<string>();
  private id: string | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly pswp: PhotoSwipe) {
    pswp.on("loadComplete", ({ content, isError }) => {
      const { id, src, direct } = content.data as { id: string; src: string; direct?: string };
      if (isError && src === direct) {
        this.failed.add(id);
        queueMicrotask(() => pswp.refreshSlideContent(content.index));
      } else if (id === this.id) {
        this.turn(isError ? "broken" : "shown");
      }
    });
  }

  urlOf({ id, url, direct_url }: Image): string {
    return direct_url && !this.failed.has(id) ? direct_url : url;
  }

  /** Another image is shown, or the same anew. */
  watch(id: string): void {
    const { content } = this.pswp.currSlide ?? {};
    this.id = id;
    if (content?.type === "image" && content.state === "loaded") this.turn("shown");
    else if (content?.state !== "error") this.turn("loading");
  }

  again(id: string): void {
    this.failed.delete(id);
  }

  end(): void {
    clearTimeout(this.timer);
  }

  private turn(state: State): void {
    clearTimeout(this.timer);
    this.state.value = state;
    if (state === "loading") this.timer = setTimeout(() => this.turn("slow"), SLOW_MS);
  }
}
