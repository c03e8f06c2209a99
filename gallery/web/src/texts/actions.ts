// What is said of changes to images.

import { count, number } from "../formats";
import { inTwo } from "../i18n";

const images = (n: number): string => count(n, "image", "images");

export const t = inTwo(
  {
    trashed: (n: number) => `${images(n)} moved to the trash`,
    restored: (n: number) => `${images(n)} restored`,
    favorite: (n: number) => `${images(n)} added to the favourites`,
    unfavorite: (n: number) => `${images(n)} taken out of the favourites`,
    tagged: (n: number) => `${images(n)} tagged`,
    untagged: (n: number) => `Tags taken off ${images(n)}`,
    failed: (n: number, of: number, why: string) =>
      n === of
        ? `Nothing was changed. ${why}`
        : `${number(n)} of ${images(of)} could not be changed. ${why}`,
    unsure: (n: number, of: number, why: string) =>
      n === of
        ? `It isn’t known whether anything was changed. ${why}`
        : `It isn’t known whether ${number(n)} of ${images(of)} were changed. ${why}`,
    undone: "Undone",
    undoing: "Will be undone as soon as it is done",
    undonePartly: (n: number, of: number) =>
      `${number(n)} of ${images(of)} put back. The others have changed since.`,
    nothingToUndo: "There is nothing to undo",
    tooManyTags: "An image has at most 100 tags.",
    changed: "Somebody changed them meanwhile.",
    purgeTitle: (n: number) => (n === 1 ? "Delete for ever?" : `Delete ${images(n)} for ever?`),
    purgeText: "This can’t be undone.",
    purge: "Delete for ever",
    purged: (n: number) => `${images(n)} deleted for ever`,
    downloading: (n: number) =>
      `Downloading ${number(n)} files one after the other. Your browser may ask whether it may.`,
    tooManyDownloads: (most: number) =>
      `Up to ${number(most)} images can be downloaded at once. Select fewer.`,
  },
  {
    trashed: (n) => `이미지 ${number(n)}장을 휴지통으로 옮겼습니다`,
    restored: (n) => `이미지 ${number(n)}장을 복원했습니다`,
    favorite: (n) => `이미지 ${number(n)}장을 즐겨찾기에 넣었습니다`,
    unfavorite: (n) => `이미지 ${number(n)}장을 즐겨찾기에서 뺐습니다`,
    tagged: (n) => `이미지 ${number(n)}장에 태그를 붙였습니다`,
    untagged: (n) => `이미지 ${number(n)}장에서 태그를 뗐습니다`,
    failed: (n, of, why) =>
      n === of
        ? `아무것도 바뀌지 않았습니다. ${why}`
        : `이미지 ${number(of)}장 중 ${number(n)}장을 바꾸지 못했습니다. ${why}`,
    unsure: (n, of, why) =>
      n === of
        ? `바뀌었는지 알 수 없습니다. ${why}`
        : `이미지 ${number(of)}장 중 ${number(n)}장이 바뀌었는지 알 수 없습니다. ${why}`,
    undone: "실행을 취소했습니다",
    undoing: "끝나는 대로 실행을 취소합니다",
    undonePartly: (n, of) =>
      `이미지 ${number(of)}장 중 ${number(n)}장을 되돌렸습니다. 나머지는 그사이 바뀌었습니다.`,
    nothingToUndo: "취소할 것이 없습니다",
    tooManyTags: "이미지 하나에 태그는 100개까지 붙일 수 있습니다.",
    changed: "그사이 다른 곳에서 바뀌었습니다.",
    purgeTitle: (n) =>
      n === 1 ? "완전히 삭제할까요?" : `이미지 ${number(n)}장을 완전히 삭제할까요?`,
    purgeText: "되돌릴 수 없습니다.",
    purge: "완전히 삭제",
    purged: (n) => `이미지 ${number(n)}장을 완전히 삭제했습니다`,
    downloading: (n) =>
      `파일 ${number(n)}개를 차례로 내려받습니다. 브라우저가 허용할지 물을 수 있습니다.`,
    tooManyDownloads: (most) =>
      `한 번에 ${number(most)}장까지 내려받을 수 있습니다. 더 적게 선택해 주세요.`,
  },
);
