// 한국어. en.ts와 같은 열쇠와 인수를 갖는다: 형이 그렇게 정한다.

import { number } from "../formats";
import type { Texts } from "./en";

export const ko: Texts = {
  // -- pages
  gallery: "이미지",
  inputs: "입력",
  controls: "컨트롤",
  trash: "휴지통",
  you: "내 정보",
  pages: "페이지",
  skip: "이미지로 건너뛰기",
  images: (n) => `이미지 ${number(n)}장`,
  // -- timeline
  timeline: (n) => `타임라인, 이미지 ${number(n)}장`,
  tile: (at, of, what) => `${number(of)}장 중 ${number(at)}번째: ${what}`,
  untitled: "프롬프트가 없는 이미지",
  isFavorite: "즐겨찾기",
  fresh: (n) => `새 이미지 ${number(n)}장`,
  showFresh: (n) => `새 이미지 ${number(n)}장 보기`,
  scrubber: "날짜로 이동",
  today: "오늘",
  yesterday: "어제",
  selectDay: (day) => `${day} 모두 선택`,
  select: (what) => `선택: ${what}`,
  // -- states
  loading: "불러오는 중…",
  retry: "다시 시도",
  noneTitle: "맞는 이미지가 없습니다",
  noneText: "단어를 줄이거나 바꾸거나, 필터를 빼 보세요.",
  clearFilters: "필터 모두 지우기",
  goneTitle: "이미지를 표시할 수 없습니다",
  away: "서버에 연결할 수 없습니다. 다시 시도하는 중…",
  back: "다시 연결되었습니다",
  upload: "올리기",
  close: "닫기",
  undo: "실행 취소",
  cancel: "취소",
  // -- problems
  problems: {
    offline: "서버에 연결할 수 없습니다.",
    failed: "문제가 생겼습니다.",
    unavailable: "저장소를 잠시 쓸 수 없습니다. 잃은 것은 없습니다.",
    busy: "요청이 한꺼번에 너무 많습니다. 잠시 뒤에 다시 해 보세요.",
    unknown_image: "이 이미지는 더 이상 없습니다.",
    unsupported_image: "PNG, JPEG, WebP 이미지가 아닙니다.",
    damaged_image: "이미지가 손상되었습니다.",
    too_many_pixels: "이미지의 픽셀 수가 너무 많습니다.",
    image_too_costly: "이미지를 해석하는 데 너무 많은 자원이 듭니다.",
    body_too_large: "파일이 너무 큽니다.",
    body_timeout: "업로드가 너무 느렸습니다.",
    quota_bytes: "공간이 가득 찼습니다. 휴지통을 비워 주세요.",
    quota_count: "보관할 수 있는 이미지 수를 다 채웠습니다.",
    storage_full: "서버에 남은 공간이 없습니다.",
    trash_changed: "그사이 휴지통이 바뀌었습니다. 다시 확인해 주세요.",
    too_many: "한 번에 10,000장까지만 할 수 있습니다.",
    precondition_failed: "그사이 다른 곳에서 바뀌었습니다.",
    bad_token: "올바른 토큰이 아닙니다.",
  },
};
