// Every page in English, with no Russian left in it.
import assert from "node:assert/strict";
import { lookAtEveryPage } from "./pages.mjs";

// foreign returns the Cyrillic words of a page, besides what sellers typed, quoted names
// of buttons, the accountant's name behind a day, and what is marked as Russian.
function foreign() {
  const data = "[lang='ru'], template, script, style, .register th[scope='row'], .register td:nth-of-type(5):not(:last-of-type), nav a[href='/account'], li[data-testid^='due-'] a, li[data-testid^='due-'] p.quiet";
  const words = [document.title];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) if (!walker.currentNode.parentElement.closest(data)) words.push(walker.currentNode.data);
  for (const e of document.querySelectorAll("[aria-label], [data-label], [alt], [placeholder]")) {
    if (!e.closest(data)) words.push(...["aria-label", "data-label", "alt", "placeholder"].map((name) => e.getAttribute(name) ?? ""));
  }
  return words.map((w) => w.replaceAll(/«[^»]*»|“[^”]*”|, Ольга Иванова$/g, "")).filter((w) => /\p{Script=Cyrillic}/u.test(w)).map((w) => w.trim());
}

await lookAtEveryPage("en", {}, async (page) => {
  assert.deepEqual(page.trouble, []);
  assert.deepEqual(await page.evaluate(foreign), []);
});
