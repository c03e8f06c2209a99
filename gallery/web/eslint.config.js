import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import { defineConfig } from "eslint/config";
import typescript from "typescript-eslint";

export default defineConfig(
  { ignores: ["dist", "node_modules"] },
  js.configs.recommended,
  {
    files: ["**/*.ts", "**/*.tsx"],
    extends: [typescript.configs.strictTypeChecked, typescript.configs.stylisticTypeChecked],
    plugins: { "react-hooks": hooks },
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      "react-hooks/rules-of-hooks": "error",
      "react-hooks/exhaustive-deps": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "no-restricted-exports": ["error", { restrictDefaultExports: { direct: true } }],
      "max-lines": ["error", { max: 250 }],
      eqeqeq: "error",
    },
  },
  { files: ["vite.config.ts"], rules: { "no-restricted-exports": "off" } },
  {
    files: ["src/**"],
    ignores: ["src/api.ts"],
    rules: {
      "no-restricted-globals": [
        "error",
        { name: "fetch", message: "Requests are made by src/api.ts alone." },
      ],
    },
  },
);
