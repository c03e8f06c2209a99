import { count, number } from "../formats";
import { inTwo } from "../i18n";

const images = (n: number): string => count(n, "image", "images");

export const t = inTwo(
  {
    note: (days: number) =>
      `What you delete stays here for ${count(days, "day", "days")}, and then goes for ever.`,
    today: "Goes today",
    undated: "Nobody knows since when",
    left: (days: number) => `${count(days, "day", "days")} left`,
    empty: "Empty the trash",
    emptyTitle: "The trash is empty",
    emptyText: (days: number) =>
      `What you delete waits here for ${count(days, "day", "days")}, in case you want it back.`,
    emptyQuestion: (n: number) => `Delete ${images(n)} for ever?`,
    emptyWarning: "All of the trash goes, and nothing of it can be brought back.",
    typeCount: (n: number) => `Type ${number(n)} to go on`,
    emptied: (n: number) => `${images(n)} deleted for ever`,
    changed: (n: number) => `The trash has changed: it holds ${images(n)} now.`,
    busy: "Deleting…",
  },
  {
    note: (days) => `삭제한 이미지는 ${number(days)}일 동안 여기에 있다가 완전히 사라집니다.`,
    today: "오늘 사라짐",
    undated: "언제 삭제했는지 알 수 없음",
    left: (days) => `${number(days)}일 남음`,
    empty: "휴지통 비우기",
    emptyTitle: "휴지통이 비어 있습니다",
    emptyText: (days) =>
      `삭제한 이미지는 되살릴 수 있도록 ${number(days)}일 동안 여기에 남아 있습니다.`,
    emptyQuestion: (n) => `이미지 ${number(n)}장을 완전히 삭제할까요?`,
    emptyWarning: "휴지통에 있는 것이 모두 사라지며, 되살릴 수 없습니다.",
    typeCount: (n) => `계속하려면 ${number(n)}을(를) 입력하세요`,
    emptied: (n) => `이미지 ${number(n)}장을 완전히 삭제했습니다`,
    changed: (n) => `휴지통이 바뀌었습니다. 지금은 ${number(n)}장이 있습니다.`,
    busy: "삭제하는 중…",
  },
);
