// The drawer beside the image: what is known of it, each value copied with a click.

import type { Image } from "../api";
import { t as shared } from "../i18n";
import { copy } from "../ui/copy";
import { Icon } from "../ui/Icon";
import { tell } from "../ui/Toasts";
import { toggleInfo } from "./drawer";
import { factsOf, type Fact } from "./facts";
import { Tags } from "./Tags";
import { t } from "./texts";

export function Info({ image }: { image: Image }) {
  return (
    <aside
      class="info"
      aria-label={t.details}
      // PhotoSwipe would zoom by it.
      onWheel={(event) => event.stopPropagation()}
    >
      <header>
        <h2>{t.details}</h2>
        <button type="button" class="plain" aria-label={shared.close} onClick={toggleInfo}>
          <Icon name="close" />
        </button>
      </header>
      <dl>
        {factsOf(image).map((fact) => (
          <Value key={fact.name} {...fact} />
        ))}
      </dl>
      <Tags key={image.id} image={image} />
    </aside>
  );
}

function Value({ name, text, isLong }: Fact) {
  const onClick = async (): Promise<void> => {
    // Somebody who selects a part of it wants that part.
    if (getSelection()?.isCollapsed === false) return;
    tell((await copy(text)) ? t.copied(name) : t.notCopied);
  };
  return (
    <div class={isLong ? "long" : undefined}>
      <dt>{name}</dt>
      <dd>
        <button type="button" title={t.copy(name)} onClick={() => void onClick()}>
          {text}
        </button>
      </dd>
    </div>
  );
}
