// The images that the viewer pages through, and which of them is shown.
//
// The shown image has its place in a source. It may be missing there: it was opened by its
// address and is still looked for, or it no longer matches the filters since it was changed.
// Then it stands alone, or between its neighbours where it was.

import type { Image } from "../api";
import { imageOf } from "../images";
import type { Source } from "./source";

type How =
  /** The source has it. */
  | "listed"
  /** The source had it, and is asked where it is now. */
  | "sought"
  /** It stands between two images of the source. */
  | "stray"
  | "alone";

export class Order {
  index = 0;
  private how: How = "alone";
  private status: Image["status"] | null = null;
  private source: Source | null = null;

  constructor(public id: string) {}

  get count(): number {
    const total = this.source?.total ?? 0;
    if (this.how === "alone") return 1;
    return this.how === "stray" ? total + 1 : Math.max(total, this.index + 1);
  }

  /** The image at a place, as far as it is known. */
  at(index: number): string | null {
    if (index === this.index) return this.id;
    return index < 0 || index >= this.count ? null : (this.source?.at(this.within(index)) ?? null);
  }

  async ask(index: number): Promise<string | null> {
    if (index === this.index) return this.id;
    return (await this.source?.idAt(this.within(index))) ?? null;
  }

  placeOf(id: string): number {
    if (id === this.id) return this.index;
    const found = this.how === "alone" ? -1 : (this.source?.indexOf(id) ?? -1);
    return this.how === "stray" && found >= this.index ? found + 1 : found;
  }

  /** Shows another one of them. */
  turn(index: number, id: string): void {
    if (id === this.id) return;
    const within = this.within(index);
    [this.id, this.index] = [id, within];
    this.how = this.source?.indexOf(id) === within ? "listed" : "sought";
    this.status = imageOf(id)?.status ?? null;
  }

  /** Shows one of which it isn't known where it is. */
  become(id: string): void {
    [this.id, this.index, this.how] = [id, 0, "alone"];
    this.status = imageOf(id)?.status ?? null;
  }

  /** Takes in that the source changed. `moved`: places may be others now; `seek`: it has to be
   * looked for; `left`: it was trashed, restored or purged, so the next one takes its place. */
  take(source: Source | null, isGone = false): "moved" | "seek" | "left" {
    this.source = source;
    const image = imageOf(this.id);
    this.status ??= image?.status ?? null;
    const found = source?.indexOf(this.id) ?? -1;
    if (found >= 0 && !isGone) {
      [this.index, this.how] = [found, "listed"];
      return "moved";
    }
    const hasLeft = image && image.status !== this.status && this.how !== "alone";
    if (isGone || hasLeft) return "left";
    if (this.how === "listed") this.how = "sought";
    return this.how === "stray" ? "moved" : "seek";
  }

  /** Looks for the image in the source. */
  async seek(): Promise<void> {
    const { source, id } = this;
    const image = imageOf(id);
    if (!source || !image) return;
    const found = await source.find(image);
    if (id !== this.id || source !== this.source) return;
    if (found >= 0) [this.index, this.how] = [found, "listed"];
    else if (this.how === "sought") this.how = "stray";
  }

  /** The image that takes the place of one that has left, or null after the last of them. */
  async successor(): Promise<[index: number, id: string] | null> {
    for (const index of [this.index, this.index - 1]) {
      const id = index < 0 ? null : ((await this.source?.idAt(index)) ?? null);
      if (id && id !== this.id) return [index, id];
    }
    return null;
  }

  /** Puts another in the place of one that has left. */
  replace([index, id]: [index: number, id: string]): void {
    [this.index, this.id, this.how] = [index, id, "listed"];
    this.status = imageOf(id)?.status ?? null;
  }

  private within(index: number): number {
    return this.how === "stray" && index > this.index ? index - 1 : index;
  }
}
