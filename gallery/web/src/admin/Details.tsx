// All that is known of an image, and its way to the trash and back.

import { useSignal } from "@preact/signals";

import type { Image } from "../api";
import { bytes, moment, number } from "../formats";
import { Dialog } from "../ui/Dialog";
import { attempt, tell } from "../ui/Toasts";
import { problemOf } from "./answer";
import { Facts, type Fact } from "./Facts";
import { restoreImage, trashImage } from "./requests";
import { plainly } from "./said";
import { t, undo, untitled } from "./texts";
import { Thumb } from "./Thumb";

interface Props {
  image: Image;
  onChange: (image: Image) => void;
  onClose: () => void;
}

function factsOf(image: Image): Fact[] {
  const { width, height, seed } = image;
  const isTrash = image.status === "trash";
  return [
    [t.prompt, image.prompt],
    [t.negative, image.negative_prompt],
    [t.owner, image.owner],
    [t.status, isTrash ? t.isTrash : t.isActive],
    [t.created, moment(image.created_at)],
    [t.deleted, image.deleted_at && moment(image.deleted_at)],
    [t.purgeAt, image.purge_at && moment(image.purge_at)],
    [t.size, bytes(image.bytes)],
    [t.dimensions, width && height ? `${number(width)} × ${number(height)}` : null],
    [t.kind, t.kinds[image.kind]],
    [t.model, image.model],
    [t.seed, seed === null ? null : String(seed)],
    [t.file, image.original_filename],
    ["ID", image.id],
  ];
}

export function Details({ image, onChange, onClose }: Props) {
  const wrong = useSignal("");
  const isBusy = useSignal(false);
  const isTrash = image.status === "trash";

  const change = async (): Promise<void> => {
    if (isBusy.value) return;
    isBusy.value = true;
    wrong.value = "";
    try {
      onChange(await (isTrash ? restoreImage(image) : trashImage(image)));
      const back = async (): Promise<void> => onChange(await restoreImage(image));
      if (isTrash) tell(t.restored);
      else tell(t.trashed, undo, () => void attempt(back));
      onClose();
    } catch (error) {
      wrong.value = plainly(problemOf(error));
    } finally {
      isBusy.value = false;
    }
  };
  return (
    <Dialog title={t.details} kind="details" onClose={onClose}>
      <Thumb src={image.thumb_url} alt={image.prompt ?? untitled} />
      <Facts facts={factsOf(image)} />
      <p class="wrong" role="alert">
        {wrong.value}
      </p>
      <footer>
        <button
          type="button"
          class={isTrash ? "primary" : "danger"}
          aria-disabled={isBusy.value}
          onClick={() => void change()}
        >
          {isTrash ? t.restore : t.toTrash}
        </button>
      </footer>
    </Dialog>
  );
}
