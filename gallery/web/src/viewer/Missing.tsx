// What is said where an image was asked for that is not there, and the way to those that are.

import { follow, GALLERY, hrefOf } from "../route";
import { t } from "./texts";

export function Missing({ title, text }: { title: string; text: string }) {
  return (
    <>
      <h2>{title}</h2>
      <p>{text}</p>
      <a class="button" href={hrefOf(GALLERY)} onClick={follow(GALLERY)}>
        {t.toGallery}
      </a>
    </>
  );
}
