// The open viewer: which image is shown, and what becomes of it when images change.

import { computed, signal } from "@preact/signals";

import { download, purge, restore, setFavorite, trash } from "../actions";
import { compareWith } from "../compare/mark";
import { imageOf, signalOf } from "../images";
import { go, KINDS, leave, PAGE_OF, route } from "../route";
import { listing, watch } from "../store";
import { tell } from "../ui/Toasts";
import { copyAll, type Drawer } from "../upload/copying";
import { isInfoOpen, room, toggleInfo } from "./drawer";
import { setViewed, type Viewed } from "./keys";
import { Listed } from "./listed";
import { Order } from "./order";
import { offered } from "./source";
import { Stage } from "./stage";
import { t } from "./texts";

const CALM_MS = 150;

const source = computed(() => offered.value ?? (listing.value && new Listed(listing.value)));
const changed = computed(() => [source.value, source.value?.version.value]);

export class Viewing implements Viewed {
  readonly shown;
  /** The shown image as it is known, which may change. */
  readonly image;
  /** Where the viewer's own parts go, beside PhotoSwipe's. */
  readonly host = signal<HTMLElement | null>(null);
  readonly stage: Stage;
  private readonly order: Order;
  private calm: ReturnType<typeof setTimeout> | undefined;
  private isSeeking = false;
  private isLeaving = false;
  private hasEnded = false;
  /** What is being deleted or restored here, of which no note is needed. */
  private own: string | null = null;

  constructor(id: string) {
    this.shown = signal(id);
    this.image = signal(signalOf(id));
    this.order = new Order(id);
    this.order.take(source.peek());
    this.stage = new Stage(this.order, {
      onTurn: (now) => this.turned(now),
      onKnown: (now) => this.learned(now),
      onClose: () => this.hasEnded || leave(),
      room,
      isTyping: ({ target }) => target instanceof HTMLInputElement,
    });
  }

  /** Gives what ends it. */
  begin(): () => void {
    this.stage.open();
    const host = document.createElement("div");
    this.stage.element?.setAttribute("aria-label", t.viewer);
    this.stage.element?.append(host);
    this.host.value = host;
    const ends = [
      changed.subscribe(() => this.take()),
      isInfoOpen.subscribe(() => this.stage.resize()),
      route.subscribe(({ image }) => image && this.turnTo(image)),
      watch((id, image) => id === this.order.id && this.take(image === null)),
    ];
    setViewed(this);
    this.settle();
    return () => {
      this.hasEnded = true;
      clearTimeout(this.calm);
      for (const end of ends) end();
      setViewed(null);
      this.stage.close(route.peek().compare === null);
    };
  }

  /** Shows what the address says, if that was changed by others. */
  private turnTo(id: string): void {
    if (id === this.order.id) return;
    const place = this.order.placeOf(id);
    if (place >= 0) {
      this.stage.goTo(place);
      return;
    }
    this.order.become(id);
    this.showing(id);
    this.take();
  }

  /** Gives the focus back to where the last image is on the page. */
  giveBack(): void {
    const id = this.shown.peek();
    const list = source.peek();
    if (list && list.indexOf(id) >= 0) list.show(id, true);
    else document.getElementById("main")?.focus({ preventScroll: true });
  }

  // -- what happens -------------------------------------------------------------------------------

  private showing(id: string): void {
    this.shown.value = id;
    this.image.value = signalOf(id);
    this.settle();
  }

  /** An address may name an image on the page of another kind: its own one is that below it. */
  private settle(): void {
    const { page, image } = route.peek();
    const kind = image === this.shown.peek() && imageOf(image)?.kind;
    if (kind && KINDS[page] && KINDS[page] !== kind) go({ page: PAGE_OF[kind] }, "replace");
  }

  private learned(id: string): void {
    if (id !== this.order.id) return;
    this.showing(id);
    this.take();
  }

  private turned(id: string): void {
    this.showing(id);
    if (this.hasEnded || route.peek().image === null) return;
    if (route.peek().image !== id) go({ image: id }, "replace");
    clearTimeout(this.calm);
    // The page below follows: so it is where one looks when the viewer closes.
    this.calm = setTimeout(() => source.peek()?.show(id, false), CALM_MS);
  }

  private take(isGone = false): void {
    const found = this.order.take(source.peek(), isGone);
    if (found === "left") void this.moveOn();
    else if (found === "seek") void this.seek();
    this.stage.renumber();
  }

  private async seek(): Promise<void> {
    if (this.isSeeking) return;
    this.isSeeking = true;
    try {
      await this.order.seek();
    } finally {
      this.isSeeking = false;
    }
    if (!this.hasEnded) this.stage.renumber();
  }

  /** The next one takes the place of one that was deleted, here or elsewhere. */
  private async moveOn(): Promise<void> {
    if (this.isLeaving) return;
    this.isLeaving = true;
    if (this.own !== this.order.id) tell(t.leftElsewhere);
    const next = await this.order.successor();
    this.isLeaving = false;
    if (this.hasEnded) return;
    if (!next) {
      leave();
      return;
    }
    this.order.replace(next);
    this.stage.renumber();
    this.turned(this.order.id);
  }

  // -- what a person does -------------------------------------------------------------------------

  /** The image that is seen. */
  private meant(): string {
    this.stage.settle();
    return this.order.id;
  }

  close = (): void => leave();
  next = (): void => this.stage.next();
  previous = (): void => this.stage.previous();
  zoom = (): void => this.stage.zoom();
  info = (): void => toggleInfo();
  compare = (): void => compareWith(this.meant());
  copyTo = (kind: Drawer): void => void copyAll(kind, [this.meant()]);
  download = (): void => void download([this.meant()]);

  favorite = (): void => {
    const id = this.meant();
    void setFavorite([id], !imageOf(id)?.favorite);
  };

  trash = (): void => {
    const id = this.meant();
    this.own = id;
    void (imageOf(id)?.status === "trash" ? purge(id) : trash([id]));
  };

  restore = (): void => {
    const id = this.meant();
    if (imageOf(id)?.status !== "trash") return;
    this.own = id;
    void restore([id]);
  };
}
