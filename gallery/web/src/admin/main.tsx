// Starts the administrator's page.

import { render } from "preact";

import { lang } from "../formats";
import "../style/tokens.css";
import "../style/base.css";
import { Admin } from "./Admin";
import "./admin.css";
import { t } from "./texts";

document.documentElement.lang = lang;
document.title = t.title;
const root = document.getElementById("app");
if (root) render(<Admin />, root);
