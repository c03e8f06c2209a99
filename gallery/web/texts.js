// The words: [English, Korean]. Problems go by the server's `code`; what never changes is in the HTML.
const TEXTS = {
  images: ["Images", "이미지"], trash: ["Trash", "휴지통"], untitled: ["Image", "이미지"],
  upload: ["Upload", "올리기"], undo: ["Undo", "실행 취소"], retry: ["Try again", "다시 시도"],
  clear: ["Clear the search", "검색 지우기"], saved: ["Saved", "저장했습니다"],
  deleted: ["Moved to the trash", "휴지통으로 옮겼습니다"], restored: ["Restored", "복원했습니다"],
  purged: ["Deleted forever", "영구히 삭제했습니다"], waiting: ["Waiting", "대기 중"],
  sending: ["Uploading", "올리는 중"], storing: ["Storing", "저장하는 중"], done: ["Uploaded", "올렸습니다"],
  model: ["Model", "모델"], seed: ["Seed", "시드"], size: ["Size", "크기"], date: ["Date", "날짜"],
  emptyTitle: ["Your gallery starts here", "여기서 갤러리가 시작됩니다"],
  emptyText: ["Drop PNG, JPEG or WebP images anywhere on this page, paste them, or choose files.",
    "PNG, JPEG, WebP 이미지를 이 페이지에 끌어다 놓거나, 붙여 넣거나, 파일을 고르세요."],
  noneTitle: ["No images match", "맞는 이미지가 없습니다"],
  noneText: ["Try fewer or other words.", "단어를 줄이거나 바꿔 보세요."],
  cleanTitle: ["The trash is empty", "휴지통이 비어 있습니다"],
  cleanText: ["Deleted images wait here before they go for good.", "삭제한 이미지는 완전히 지워지기 전까지 여기에 있습니다."],
  goneTitle: ["The images can't be shown", "이미지를 표시할 수 없습니다"],
  count: [(n) => `${number.format(n)} ${n === 1 ? "image" : "images"}`, (n) => `이미지 ${number.format(n)}장`],
  of: [(used, quota) => `${used} of ${quota}`, (used, quota) => `${quota} 중 ${used}`],
  goes: [(when) => `Deleted forever ${when}`, (when) => `${when} 영구 삭제`],
  trashNote: [(n) => `Images stay in the trash for ${n} days.`, (n) => `이미지는 휴지통에 ${n}일 동안 남아 있습니다.`],
  purgeAsk: ["Delete this image forever? This can't be undone.", "이 이미지를 영구히 삭제할까요? 되돌릴 수 없습니다."],
  emptyAsk: [(n) => `Delete ${t.count(n)} forever?`, (n) => `${t.count(n)}을 영구히 삭제할까요?`],
  type: [(n) => `This can't be undone. Type ${n} to confirm.`, (n) => `되돌릴 수 없습니다. 확인을 위해 숫자 ${n} 입력`],
  offline: ["The server can't be reached.", "서버에 연결할 수 없습니다."],
  broken_off: ["The upload was broken off. The file may be too large.", "업로드가 끊겼습니다. 파일이 너무 클 수 있습니다."],
  failed: ["Something went wrong.", "문제가 생겼습니다."],
  unavailable: ["The storage is away for now. Nothing is lost.", "저장소를 잠시 쓸 수 없습니다. 잃은 것은 없습니다."],
  busy: ["Too many uploads at once.", "업로드가 한꺼번에 너무 많습니다."],
  unsupported_image: ["Not a PNG, JPEG or WebP image.", "PNG, JPEG, WebP 이미지가 아닙니다."],
  damaged_image: ["The image is damaged.", "이미지가 손상되었습니다."],
  too_many_pixels: ["The image has too many pixels.", "이미지의 픽셀 수가 너무 많습니다."],
  image_too_costly: ["The image takes too much to decode.", "이미지를 해석하는 데 너무 많은 자원이 듭니다."],
  body_too_large: ["The file is too large.", "파일이 너무 큽니다."],
  body_timeout: ["The upload was too slow.", "업로드가 너무 느렸습니다."],
  quota_bytes: ["Your space is full. Empty the trash to make room.", "공간이 가득 찼습니다. 휴지통을 비워 주세요."],
  quota_count: ["You have as many images as are allowed.", "보관할 수 있는 이미지 수를 다 채웠습니다."],
  storage_full: ["The server has no room left.", "서버에 남은 공간이 없습니다."],
  trash_changed: ["The trash has changed meanwhile. Look again.", "그사이 휴지통이 바뀌었습니다. 다시 확인해 주세요."],
  unknown_image: ["This image is no longer here.", "이 이미지는 더 이상 없습니다."],
};
export const lang = navigator.language.toLowerCase().startsWith("ko") ? "ko" : "en";
export const t = Object.fromEntries(Object.entries(TEXTS).map(([key, pair]) => [key, pair[lang === "ko" ? 1 : 0]]));
export const number = new Intl.NumberFormat(lang);
export const moment = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short" });
export const relative = new Intl.RelativeTimeFormat(lang, { numeric: "auto" });

export function bytes(n) {
  const [unit, by] = n < 1e6 ? ["kilobyte", 1e3] : n < 1e9 ? ["megabyte", 1e6] : ["gigabyte", 1e9];
  return new Intl.NumberFormat(lang, { style: "unit", unit, maximumFractionDigits: 1 }).format(n / by);
}

export function speakKorean(root) {
  for (const el of root.querySelectorAll("[data-ko]")) el.textContent = el.dataset.ko;
  for (const el of root.querySelectorAll("[data-ko-label]")) {
    el.setAttribute("aria-label", el.dataset.koLabel);
    if (el.placeholder) el.placeholder = el.dataset.koLabel;
  }
  for (const template of root.querySelectorAll("template")) speakKorean(template.content);
}
