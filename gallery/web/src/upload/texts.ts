// What uploads and the drawers say.

import type { Kind } from "../api";
import { count, number } from "../formats";
import { inTwo, t as shared } from "../i18n";

export const drawerName = (kind: Kind): string =>
  ({ output: shared.gallery, input: shared.inputs, control: shared.controls })[kind];

export const t = inTwo(
  {
    upload: "Upload",
    uploadTo: (drawer: string) => `Upload to ${drawer}`,
    dropTitle: (drawer: string) => `Drop to add to ${drawer}`,
    dropText: "PNG, JPEG and WebP",
    uploads: "Uploads",
    sending: (left: number) => `Uploading, ${number(left)} to go`,
    waiting: "Waiting",
    storing: "Being stored…",
    done: "Uploaded",
    allDone: (n: number) => `${count(n, "image", "images")} uploaded`,
    someFailed: (failed: number, done: number) =>
      `${count(failed, "file", "files")} not uploaded` +
      (done ? `, ${count(done, "image", "images")} uploaded` : ""),
    held: {
      offline: "The server can’t be reached. Uploads go on by themselves when it is back.",
      unavailable: "The storage is away for now. Uploads go on by themselves.",
      busy: "The server is busy. Uploads go on by themselves.",
    },
    retry: (name: string) => `Try again: ${name}`,
    retryAll: "Try all again",
    cancel: (name: string) => `Cancel: ${name}`,
    cancelAll: "Cancel all",
    dismiss: (name: string) => `Remove from the list: ${name}`,
    close: "Close",
    fold: "Fold the list",
    unfold: "Unfold the list",
    more: (n: number) => `and ${number(n)} more`,
    nothing: "There are no PNG, JPEG or WebP images in there.",
    problems: {
      empty: "The file is empty.",
      unreadable: "The file can’t be read. Was it moved or changed?",
      broken_off: "The connection broke off several times.",
      quota_bytes: "There is not enough room for it. Delete something for good first.",
      quota_count: "There is no room for another image. Delete some for good first.",
    },
    tooLarge: (most: string) => `The file is larger than ${most}, which is the most allowed.`,
    // -- the drawers
    copyFrom: "Copy from Images",
    copyTitle: (drawer: string) => `Copy to ${drawer}`,
    copyInto: "Copy to…",
    copyText: "Copies are images of their own. The ones you choose stay where they are.",
    search: "Search prompts",
    copy: (n: number) => (n ? `Copy ${count(n, "image", "images")}` : "Copy"),
    copied: (n: number, drawer: string) => `${count(n, "image", "images")} copied to ${drawer}`,
    show: "Show",
    none: "No images here",
    showMore: "Show more",
    // -- the first visit
    firstTitle: "Your gallery starts here",
    firstText: "Drop images anywhere on this page, paste them, or choose files.",
    firstPoints: [
      "PNG, JPEG and WebP. Prompts, seeds and models are read from the files.",
      "Nobody else sees them: the gallery belongs to this browser.",
    ],
    firstTrash: (days: number) =>
      `What you delete can be got back for ${count(days, "day", "days")}.`,
    inputTitle: "Images to work from",
    inputText: "Upload images here that yours are made from, or copy some from your gallery.",
    controlTitle: "Control images",
    controlText: "Upload poses, depth maps and edges here, or copy some from your gallery.",
    choose: "Choose files",
  },
  {
    upload: "올리기",
    uploadTo: (drawer) => `${drawer}에 올리기`,
    dropTitle: (drawer) => `놓으면 ${drawer}에 추가됩니다`,
    dropText: "PNG, JPEG, WebP",
    uploads: "업로드",
    sending: (left) => `올리는 중, ${number(left)}장 남음`,
    waiting: "대기 중",
    storing: "저장하는 중…",
    done: "올렸습니다",
    allDone: (n) => `이미지 ${number(n)}장을 올렸습니다`,
    someFailed: (failed, done) =>
      `파일 ${number(failed)}개를 올리지 못했습니다` +
      (done ? `, 이미지 ${number(done)}장을 올렸습니다` : ""),
    held: {
      offline: "서버에 연결할 수 없습니다. 다시 연결되면 저절로 계속됩니다.",
      unavailable: "저장소를 잠시 쓸 수 없습니다. 저절로 계속됩니다.",
      busy: "서버가 바쁩니다. 저절로 계속됩니다.",
    },
    retry: (name) => `다시 시도: ${name}`,
    retryAll: "모두 다시 시도",
    cancel: (name) => `취소: ${name}`,
    cancelAll: "모두 취소",
    dismiss: (name) => `목록에서 빼기: ${name}`,
    close: "닫기",
    fold: "목록 접기",
    unfold: "목록 펼치기",
    more: (n) => `그 밖에 ${number(n)}개`,
    nothing: "그 안에는 PNG, JPEG, WebP 이미지가 없습니다.",
    problems: {
      empty: "빈 파일입니다.",
      unreadable: "파일을 읽을 수 없습니다. 옮기거나 바꾸셨나요?",
      broken_off: "연결이 여러 번 끊어졌습니다.",
      quota_bytes: "남은 공간이 부족합니다. 먼저 이미지를 완전히 삭제하세요.",
      quota_count: "이미지를 더 보관할 수 없습니다. 먼저 일부를 완전히 삭제하세요.",
    },
    tooLarge: (most) => `파일이 허용되는 크기(${most})보다 큽니다.`,
    copyFrom: "이미지에서 복사",
    copyTitle: (drawer) => `${drawer}에 복사`,
    copyInto: "다른 곳에 복사",
    copyText: "복사본은 별개의 이미지입니다. 고른 이미지는 제자리에 남습니다.",
    search: "프롬프트 검색",
    copy: (n) => (n ? `이미지 ${number(n)}장 복사` : "복사"),
    copied: (n, drawer) => `이미지 ${number(n)}장을 ${drawer}에 복사했습니다`,
    show: "보기",
    none: "이미지가 없습니다",
    showMore: "더 보기",
    firstTitle: "여기서 갤러리가 시작됩니다",
    firstText: "이미지를 이 페이지에 끌어다 놓거나, 붙여 넣거나, 파일을 고르세요.",
    firstPoints: [
      "PNG, JPEG, WebP를 올릴 수 있습니다. 프롬프트, 시드, 모델은 파일에서 읽습니다.",
      "다른 사람에게는 보이지 않습니다. 갤러리는 이 브라우저의 것입니다.",
    ],
    firstTrash: (days) => `지운 이미지는 ${number(days)}일 동안 되돌릴 수 있습니다.`,
    inputTitle: "작업에 쓸 이미지",
    inputText: "이미지를 만들 때 쓸 원본을 여기에 올리거나, 갤러리에서 복사하세요.",
    controlTitle: "컨트롤 이미지",
    controlText: "포즈, 깊이 맵, 윤곽선을 여기에 올리거나, 갤러리에서 복사하세요.",
    choose: "파일 고르기",
  },
);
