// Every page in Russian, accessible in light and in dark.
import assert from "node:assert/strict";
import { axe, check, colourRules } from "./harness.mjs";
import { lookAtEveryPage } from "./pages.mjs";

await lookAtEveryPage("ru", { axe: true }, async (page) => {
  await check(page);
  await page.emulateMedia({ colorScheme: "dark" });
  assert.deepEqual(await axe(page, colourRules), [], "dark");
  await page.emulateMedia({ colorScheme: "light" });
});
