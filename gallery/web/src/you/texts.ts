// What the page about oneself says.

import { bytes, count, number } from "../formats";
import { inTwo, t as shared } from "../i18n";

const whole = (n: number, size: number): string =>
  `${count(n, "image", "images")} (${bytes(size)})`;
const wholeKo = (n: number, size: number): string => `이미지 ${number(n)}장(${bytes(size)})`;

export const t = inTwo(
  {
    // -- room
    room: "Room",
    ofBytes: (taken: string, most: string) => `${taken} of ${most}`,
    ofCount: (taken: number, most: number) => `${number(taken)} of ${number(most)} images`,
    bytes: "Room taken",
    count: "Images kept",
    full: "Your room is full. Nothing more can be uploaded until you make some.",
    nearlyFull: "Your room is nearly full.",
    openTrash: "Look into the trash",
    kind: "Where",
    images: "Images",
    size: "Size",
    inTrash: "In the trash",
    kinds: { output: shared.gallery, input: shared.inputs, control: shared.controls },
    all: "All",
    retention: (days: number) =>
      `What you delete stays in the trash for ${count(days, "day", "days")}, and counts until it ` +
      "is gone. Then it is deleted for good.",
    // -- this browser
    browser: "Your gallery lives in this browser",
    browserText:
      "There is no account and no password. The server knows you by a cookie in this browser: " +
      "whoever uses it sees these images, and nobody else does. If the cookie is cleared, or you " +
      "use a private window, the gallery is not found again.",
    linkText:
      "A recovery link opens this gallery in another browser, or in this one after the cookie is " +
      "gone. Whoever has the link can see, change and delete everything: keep it as you would a " +
      "password.",
    name: "What it is for (optional)",
    namePlaceholder: "my phone",
    make: "Make a recovery link",
    nothingYet: "As soon as you have an image, you can make a recovery link here.",
    made: "Your recovery link",
    madeText: "It is shown only this once. Copy it now, and keep it in a safe place.",
    copy: "Copy",
    copied: "Copied",
    notCopied: "Select the link and copy it yourself.",
    gotIt: "I have kept it",
    links: "Recovery links",
    noLinks: "There are none yet.",
    unnamed: "Without a name",
    madeAt: (when: string) => `made ${when}`,
    usedAt: (when: string) => `last used ${when}`,
    unused: "never used",
    revoke: "Revoke",
    revokeOne: (name: string) => `Revoke: ${name}`,
    revoked: (name: string) => `Revoked: ${name}`,
    revokeTitle: "Revoke this link?",
    revokeText:
      "Nobody can open the gallery with it from then on. Browsers that did so before stay signed in.",
    // -- recovery
    recoverTitle: "Take over this gallery?",
    recoverWhat: (n: number, size: number) =>
      `The link leads to a gallery with ${whole(n, size)}. This browser will show it from now on.`,
    trust: "Go on only if you made this link yourself, or know who did.",
    behind: (n: number, size: number) =>
      `The gallery that is here now, with ${whole(n, size)}, stays behind.`,
    lost: "No link leads back to it: you would not find it again. Make a link to it first.",
    kept: (n: number) => `${count(n, "link leads", "links lead")} back to it.`,
    makeFirst: "First make a link",
    takeOver: "Take over",
    sameTitle: "This is your gallery already",
    sameText: "The link leads to the gallery that this browser shows. Nothing needs to be done.",
    badTitle: "This link is not valid",
    badText: "It was revoked, or is not whole. Look for the whole link and try again.",
    looking: "Looking where the link leads…",
    ok: "OK",
    // -- more
    keyboard: "Keyboard",
    keyboardText: "Nearly everything can be done by keys.",
    showKeys: "Show all keys",
  },
  {
    room: "공간",
    ofBytes: (taken, most) => `${most} 중 ${taken}`,
    ofCount: (taken, most) => `${number(most)}장 중 ${number(taken)}장`,
    bytes: "사용한 공간",
    count: "보관한 이미지",
    full: "공간이 가득 찼습니다. 공간을 비우기 전에는 더 올릴 수 없습니다.",
    nearlyFull: "공간이 거의 찼습니다.",
    openTrash: "휴지통 보기",
    kind: "위치",
    images: "이미지",
    size: "크기",
    inTrash: "휴지통",
    kinds: { output: shared.gallery, input: shared.inputs, control: shared.controls },
    all: "모두",
    retention: (days) =>
      `지운 이미지는 휴지통에 ${number(days)}일 동안 남고, 그동안은 공간을 차지합니다. ` +
      "그 뒤에는 완전히 삭제됩니다.",
    browser: "갤러리는 이 브라우저에 있습니다",
    browserText:
      "계정도 비밀번호도 없습니다. 서버는 이 브라우저의 쿠키로 당신을 알아봅니다. 이 브라우저를 쓰는 " +
      "사람은 이 이미지들을 볼 수 있고, 다른 사람은 볼 수 없습니다. 쿠키를 지우거나 시크릿 창을 쓰면 " +
      "갤러리를 다시 찾을 수 없습니다.",
    linkText:
      "복구 링크로 다른 브라우저에서, 또는 쿠키가 지워진 뒤에도 이 갤러리를 열 수 있습니다. 링크를 가진 " +
      "사람은 모든 것을 보고, 바꾸고, 지울 수 있으니 비밀번호처럼 간직하세요.",
    name: "용도 (선택)",
    namePlaceholder: "내 휴대폰",
    make: "복구 링크 만들기",
    nothingYet: "이미지가 하나라도 있으면 여기서 복구 링크를 만들 수 있습니다.",
    made: "복구 링크",
    madeText: "지금 한 번만 보여 드립니다. 복사해서 안전한 곳에 보관하세요.",
    copy: "복사",
    copied: "복사했습니다",
    notCopied: "링크를 선택해서 직접 복사하세요.",
    gotIt: "보관했습니다",
    links: "복구 링크 목록",
    noLinks: "아직 없습니다.",
    unnamed: "이름 없음",
    madeAt: (when) => `만든 때: ${when}`,
    usedAt: (when) => `마지막 사용: ${when}`,
    unused: "사용한 적 없음",
    revoke: "무효화",
    revokeOne: (name) => `무효화: ${name}`,
    revoked: (name) => `무효화했습니다: ${name}`,
    revokeTitle: "이 링크를 무효화할까요?",
    revokeText:
      "이제부터 아무도 이 링크로 갤러리를 열 수 없습니다. 이미 연 브라우저에서는 계속 볼 수 있습니다.",
    recoverTitle: "이 갤러리를 이어받을까요?",
    recoverWhat: (n, size) =>
      `이 링크는 ${wholeKo(n, size)}의 갤러리로 이어집니다. 앞으로 이 브라우저에 그 갤러리가 표시됩니다.`,
    trust: "직접 만든 링크이거나 만든 사람을 아는 경우에만 계속하세요.",
    behind: (n, size) => `지금 여기 있는 갤러리(${wholeKo(n, size)})는 뒤에 남습니다.`,
    lost: "그 갤러리로 돌아가는 링크가 없어서 다시 찾을 수 없게 됩니다. 먼저 링크를 만드세요.",
    kept: (n) => `돌아가는 링크가 ${number(n)}개 있습니다.`,
    makeFirst: "먼저 링크 만들기",
    takeOver: "이어받기",
    sameTitle: "이미 이 갤러리를 보고 있습니다",
    sameText: "이 링크는 지금 이 브라우저에 있는 갤러리로 이어집니다. 할 일이 없습니다.",
    badTitle: "올바른 링크가 아닙니다",
    badText: "무효화되었거나 일부가 빠진 링크입니다. 전체 링크를 찾아 다시 열어 보세요.",
    looking: "링크를 확인하는 중…",
    ok: "확인",
    keyboard: "키보드",
    keyboardText: "거의 모든 것을 키보드로 할 수 있습니다.",
    showKeys: "단축키 모두 보기",
  },
);
