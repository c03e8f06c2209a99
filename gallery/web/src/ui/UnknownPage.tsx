// What is said at an address where there is no page.

import { inTwo, t as shared } from "../i18n";
import { follow, GALLERY, hrefOf } from "../route";
import { Notice } from "./Notice";

const t = inTwo(
  {
    title: "There is no such page",
    text: "The address may be wrong, or the page may be gone.",
    home: "Go to your gallery",
  },
  {
    title: "페이지를 찾을 수 없습니다",
    text: "주소가 잘못되었거나 이제 없는 페이지일 수 있습니다.",
    home: "내 갤러리로 가기",
  },
);

export function UnknownPage() {
  return (
    <main id="main" tabIndex={-1}>
      <h1 class="unseen">{shared.unknown}</h1>
      <Notice title={t.title} text={t.text}>
        <a class="button" href={hrefOf(GALLERY)} onClick={follow(GALLERY)}>
          {t.home}
        </a>
      </Notice>
    </main>
  );
}
