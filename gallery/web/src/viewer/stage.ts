// PhotoSwipe, which shows the images: pages, swipes, zooms.
//
// It counts slides by their index. Images come and go while it shows one, so its indexes are
// put right whenever the order changes, and slides stay as they are where they can.

import { signal } from "@preact/signals";
import PhotoSwipe, { type PhotoSwipeOptions, type SlideData } from "photoswipe";

import { getImage, Problem } from "../api";
import { imageOf, remember } from "../images";
import { Loads } from "./loads";
import type { Order } from "./order";
import { slideOf, thumbOf } from "./slides";

const OPTIONS: PhotoSwipeOptions = {
  bgOpacity: 1,
  loop: false,
  wheelToZoom: true,
  preload: [1, 2],
  initialZoomLevel: "fit",
  // What fits at its own size already is doubled.
  secondaryZoomLevel: ({ fit }) => (fit < 1 ? 1 : 2),
  maxZoomLevel: 4,
  imageClickAction: false,
  tapAction: "toggle-controls",
  doubleTapAction: "zoom",
  bgClickAction: "close",
  arrowPrev: false,
  arrowNext: false,
  close: false,
  zoom: false,
  counter: false,
  // The page below can't be reached meanwhile; see aloft.ts.
  trapFocus: false,
  returnFocus: false,
  errorMsg: "",
};

const PHONE = 640;

/** Between the buttons, which on phones stand below as well. */
const margins = ({ x }: { x: number }) => ({
  top: 60,
  bottom: x <= PHONE ? 64 : 12,
  left: 0,
  right: 0,
});

export interface Hooks {
  /** Another image is shown. */
  onTurn: (id: string) => void;
  /** An image was asked for and is known now. */
  onKnown: (id: string) => void;
  /** It is being closed by a gesture, a key or a click. */
  onClose: () => void;
  /** What is left of the window for the image. */
  room: () => { x: number; y: number };
  isTyping: (event: KeyboardEvent) => boolean;
}

export class Stage {
  readonly zoomed = signal(false);
  readonly index = signal(0);
  readonly count = signal(1);
  /** Why the image can't even be named. */
  readonly problem = signal<Problem | null>(null);
  readonly loads: Loads;
  private readonly pswp: PhotoSwipe;
  private readonly asking = new Set<number>();
  /** The order's index when slides were last put right. */
  private last: number;

  constructor(
    private readonly order: Order,
    private readonly hooks: Hooks,
  ) {
    this.last = order.index;
    this.pswp = new PhotoSwipe({
      ...OPTIONS,
      index: order.index,
      getViewportSizeFn: hooks.room,
      paddingFn: margins,
    });
    this.loads = new Loads(this.pswp);
    this.bind();
  }

  get element(): HTMLElement | undefined {
    return this.pswp.element;
  }

  open(): void {
    this.pswp.init();
    this.pswp.element?.focus({ preventScroll: true });
  }

  next = (): void => this.onceOpen(() => this.pswp.next());
  previous = (): void => this.onceOpen(() => this.pswp.prev());
  zoom = (): void => this.onceOpen(() => this.pswp.toggleZoom());
  resize = (): void => this.pswp.updateSize(true);

  /** Again, after it failed. */
  retry = (): void => {
    this.problem.value = null;
    this.loads.again(this.order.id);
    this.refresh(this.order.index);
  };

  /** An image that slides in is seen already: it is the one that is meant from now on. */
  settle(): void {
    const { pswp } = this;
    const isSliding = pswp.opener.isOpen && pswp.potentialIndex !== pswp.currIndex;
    if (isSliding) pswp.goTo(pswp.potentialIndex);
  }

  goTo(index: number): void {
    this.onceOpen(() => this.pswp.goTo(index));
  }

  /** Flies back to where it came from, if that is in sight, and is gone then. */
  close(flies: boolean): void {
    const { pswp } = this;
    this.loads.end();
    pswp.element?.setAttribute("inert", "");
    if (pswp.isDestroying) return;
    if (!flies) pswp.options.showHideAnimationType = "none";
    this.onceOpen(() => pswp.close());
  }

  /** It takes no orders while it flies in. */
  private onceOpen(act: () => void): void {
    if (this.pswp.opener.isOpen) act();
    else this.pswp.on("openingAnimationEnd", act);
  }

  private bind(): void {
    const { pswp, order, hooks } = this;
    pswp.addFilter("numItems", () => order.count);
    pswp.addFilter("itemData", (_, index) => this.itemAt(index));
    pswp.addFilter("thumbEl", (_, data) => thumbOf(data.id as string) as HTMLElement);
    pswp.addFilter("placeholderSrc", (_, { data }) => data.msrc ?? false);
    pswp.addFilter("useContentPlaceholder", () => true);
    pswp.on("change", () => this.turned());
    pswp.on("zoomPanUpdate", ({ slide }) => {
      this.zoomed.value = slide.currZoomLevel > slide.zoomLevels.initial;
    });
    pswp.on("close", hooks.onClose);
    pswp.on("keydown", (event) => {
      const { originalEvent: pressed } = event;
      // z is one of the application's own keys.
      if (pressed.key === "z" || hooks.isTyping(pressed)) event.preventDefault();
    });
    pswp.on("initialLayout", () => {
      pswp.element?.addEventListener("dblclick", (event) => {
        const onImage = (event.target as Element).closest(".pswp__container");
        if (onImage) pswp.currSlide?.toggleZoom({ x: event.clientX, y: event.clientY });
      });
    });
  }

  // -- slides -------------------------------------------------------------------------------------

  private itemAt(index: number): SlideData {
    const id = this.order.at(index);
    const image = id ? imageOf(id) : undefined;
    if (image) return slideOf(image, this.loads.urlOf(image));
    void this.ask(index);
    return { id, html: "" };
  }

  private async ask(index: number): Promise<void> {
    if (this.asking.has(index)) return;
    this.asking.add(index);
    try {
      const id = await this.order.ask(index);
      if (id && !imageOf(id)) remember(await getImage(id));
      // The order may be another by now: what was asked for lies elsewhere then.
      if (id) this.refresh(this.order.placeOf(id));
      if (id) this.hooks.onKnown(id);
    } catch (error) {
      const problem = error instanceof Problem ? error : new Problem(0, "failed", String(error));
      if (index === this.pswp.currIndex) this.problem.value = problem;
    } finally {
      this.asking.delete(index);
    }
  }

  private refresh(index: number): void {
    if (index < 0 || !this.pswp.isOpen || this.pswp.isDestroying) return;
    this.pswp.refreshSlideContent(index);
  }

  private turned(): void {
    const { pswp, order } = this;
    const id = pswp.currSlide?.data.id as string | null | undefined;
    if (!id) return;
    this.problem.value = null;
    const isOther = id !== order.id;
    order.turn(pswp.currIndex, id);
    this.last = pswp.currIndex;
    this.loads.watch(id);
    this.renumber();
    if (isOther) this.hooks.onTurn(id);
  }

  /** Puts right which index each slide has, and shows others where others belong. */
  renumber(): void {
    const { pswp, order } = this;
    [this.index.value, this.count.value] = [order.index, order.count];
    const shift = order.index - this.last;
    this.last = order.index;
    const slide = pswp.currSlide;
    if (!slide || pswp.isDestroying) return;
    const cached = pswp.contentLoader._cachedItems;
    for (const content of [...cached]) {
      const place = order.placeOf(content.data.id as string);
      if (place < 0) cached.splice(cached.indexOf(content), 1);
      else content.index = place;
    }
    pswp.potentialIndex += shift;
    pswp.currIndex += shift;
    slide.index += shift;
    // A slide of which nothing is known yet waits for what it is.
    if (slide.data.id && !shows(slide.data, order.id)) this.refresh(order.index);
    if (pswp.opener.isOpen) this.renumberNeighbours(pswp.currIndex);
  }

  private renumberNeighbours(current: number): void {
    const { pswp, order } = this;
    const [before, , after] = pswp.mainScroll.itemHolders;
    for (const [holder, index] of [
      [before, current - 1],
      [after, current + 1],
    ] as const) {
      if (!holder) continue;
      const isThere = index >= 0 && index < order.count;
      const isSame = holder.slide && shows(holder.slide.data, order.at(index));
      if (holder.slide && isThere && isSame) holder.slide.index = index;
      else pswp.setContent(holder, index, true);
    }
    pswp.appendHeavy();
  }
}

/** Whether a slide is an image's, and has taken in what is known of it. */
function shows({ id, src }: SlideData, wanted: string | null): boolean {
  if ((id ?? null) !== wanted) return false;
  return src !== undefined || wanted === null || imageOf(wanted) === undefined;
}
