// What a problem means for an administrator.

import type { Problem } from "../api";
import { said } from "../i18n";
import { t } from "./texts";

export const plainly = (problem: Problem): string => t.problems[problem.code] ?? said(problem);
