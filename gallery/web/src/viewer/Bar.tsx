// The viewer's buttons.

import { useState } from "preact/hooks";

import type { Image } from "../api";
import { compareWith, marked } from "../compare/mark";
import { t as comparing } from "../compare/texts";
import { imageOf } from "../images";
import { Icon, type IconName } from "../ui/Icon";
import type { Drawer } from "../upload/copying";
import { DrawerDialog } from "../upload/DrawerDialog";
import { t as copies } from "../upload/texts";
import { isInfoOpen } from "./drawer";
import { t } from "./texts";
import type { Viewing } from "./viewing";

interface Props {
  viewing: Viewing;
  image: Image | undefined;
}

export function Bar({ viewing, image }: Props) {
  const { stage } = viewing;
  const [isCopying, setCopying] = useState(false);
  return (
    <>
      <div class="viewer-bar">
        <Button name="back" label={t.back} onClick={viewing.close} />
        {image && <span class="place">{t.place(stage.index.value + 1, stage.count.value)}</span>}
        {image && <Actions viewing={viewing} image={image} onCopy={() => setCopying(true)} />}
        {image && (
          <Button
            name="info"
            label={t.info}
            isOn={isInfoOpen.value}
            onClick={viewing.info}
            keys="i"
          />
        )}
      </div>
      {isCopying && <Copying viewing={viewing} onClose={() => setCopying(false)} />}
      {image && <Marked image={image} />}
    </>
  );
}

interface ActionsProps {
  viewing: Viewing;
  image: Image;
  onCopy: () => void;
}

function Actions({ viewing, image, onCopy }: ActionsProps) {
  const isTrashed = image.status === "trash";
  return (
    <div class="viewer-actions" role="group" aria-label={t.viewer}>
      {isTrashed ? (
        <Button name="restore" label={t.restore} onClick={viewing.restore} keys="r" />
      ) : (
        <Button
          name="heart"
          label={t.favorite}
          isOn={image.favorite}
          onClick={viewing.favorite}
          keys="f"
        />
      )}
      <Button
        name="zoom"
        label={t.zoom}
        isOn={viewing.stage.zoomed.value}
        onClick={viewing.zoom}
        keys="z"
      />
      <Button
        name="compare"
        label={t.compare}
        isOn={marked.value === image.id}
        onClick={viewing.compare}
      />
      {image.kind === "output" && !isTrashed && (
        <Button name="copy" label={copies.copyInto} onClick={onCopy} />
      )}
      <Button name="download" label={t.download} onClick={viewing.download} keys="Shift+D" />
      <Button
        name="trash"
        label={isTrashed ? t.purge : t.trash}
        onClick={viewing.trash}
        keys="Delete"
      />
    </div>
  );
}

/** Beside the bar, whose looks are not those of dialogs. */
function Copying({ viewing, onClose }: { viewing: Viewing; onClose: () => void }) {
  const copy = (kind: Drawer): void => {
    onClose();
    viewing.copyTo(kind);
  };
  return <DrawerDialog onChoose={copy} onClose={onClose} />;
}

interface ButtonProps {
  name: IconName;
  label: string;
  onClick: () => void;
  /** For those that stay pressed. */
  isOn?: boolean;
  keys?: string;
}

function Button({ name, label, onClick, isOn, keys }: ButtonProps) {
  return (
    <button
      type="button"
      class="plain"
      aria-label={label}
      title={keys ? `${label} (${keys})` : label}
      aria-pressed={isOn}
      aria-keyshortcuts={keys}
      onClick={onClick}
    >
      <Icon name={name} filled={name === "heart" && isOn === true} />
    </button>
  );
}

/** As long as one image is marked: which one, and what to do about it. */
function Marked({ image }: { image: Image }) {
  const id = marked.value;
  if (!id) return null;
  const other = imageOf(id);
  return (
    <div class="marked" role="status">
      {other && <img src={other.direct_thumb_url ?? other.thumb_url} alt="" />}
      <span>{id === image.id ? comparing.marked : comparing.offer}</span>
      {id !== image.id && (
        <button type="button" class="primary" onClick={() => compareWith(image.id)}>
          {comparing.compare}
        </button>
      )}
      <button type="button" onClick={() => (marked.value = null)}>
        {comparing.unmark}
      </button>
    </div>
  );
}
