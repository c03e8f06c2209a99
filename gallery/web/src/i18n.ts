// The texts in the reader's language.

import type { Problem } from "./api";
import { lang } from "./formats";
import { en, type Texts } from "./texts/en";
import { ko } from "./texts/ko";

export const t: Texts = lang === "ko" ? ko : en;

/** The texts of a part of the application, which stand beside it, in the reader's language. */
export const inTwo = <T>(english: T, korean: NoInfer<T>): T => (lang === "ko" ? korean : english);

/** What a problem means for who reads it. */
export const said = (problem: Problem): string =>
  t.problems[problem.code] ??
  (lang === "en" && problem.detail ? problem.detail : (t.problems.failed ?? ""));
