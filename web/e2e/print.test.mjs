// On paper: the checklist is one sheet, the register lies on its side, and nothing on
// either asks to be pressed.
import assert from "node:assert/strict";
import { inflateSync } from "node:zlib";
import { test } from "node:test";
import { goodsGone, logIn, mark, markAll, openCase, signUp, start } from "./harness.mjs";

const { open } = await start({ seed: ["--sellers", "61"] });

// sheets returns the width and height, in points, of every page of a PDF.
function sheets(pdf) {
  const plain = [pdf.toString("latin1")];
  for (const found of plain[0].matchAll(/\/Type\s*\/ObjStm.*?stream\r?\n/gs)) {
    plain.push(inflateSync(pdf.subarray(found.index + found[0].length)).toString("latin1"));
  }
  return [...plain.join("\n").matchAll(/\/Type\s*\/Page\b(?:(?!\/Type\s*\/Page\b)[^])*?\/MediaBox\s*\[\s*0\s+0\s+([\d.]+)\s+([\d.]+)\s*\]/g)]
    .map(([, width, height]) => [Math.round(width), Math.round(height)]);
}

const portrait = [595, 842];
const landscape = [842, 595];
const print = async (page) => sheets(await page.pdf({ preferCSSPageSize: true }));

// controls are what can be pressed and is drawn nevertheless. The form around the register's
// table is no more than its frame.
const controls = (page) => page.locator("button, input, select, textarea, summary, form:not(.bulk), .btn, .skip, header nav, .pager").evaluateAll((all) =>
  all.filter((e) => e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length > 0).map((e) => e.outerHTML.slice(0, 80)));

test("the checklist is one sheet of A4", async () => {
  const page = await open();
  await signUp(page, { name: "Анна Константинопольская", email: "anna@example.com" });
  const address = await openCase(page, {
    seller_name: "ООО «Торговый дом Северный лён и партнёры»", inn: "7707083893", fbs: "yes", wb_stock: "yes", leftover: "both", cabinet: "Основной",
  });
  for (const state of ["fresh", "under way"]) {
    if (state === "under way") {
      for (const code of goodsGone) await mark(page, address, code, { note: "Проверено по отчёту об остатках, расхождений нет, коробки забрал водитель" });
      await markAll(page, address, "strip_media");
      await mark(page, address, "request_act", { channel: "support", ticket: "48-1107" });
    }
    await page.goto(address);
    assert.deepEqual(await print(page), [portrait], state);
    await page.emulateMedia({ media: "print" });
    assert.deepEqual(await controls(page), [], state);
    assert.ok(await page.getByTestId("overall").isVisible());
    assert.equal(await page.locator("[data-testid^='step-']").filter({ visible: true }).count(), 9);
    assert.ok(await page.getByText("Независимый сервис.").isVisible());
    await page.emulateMedia({ media: null });
  }
});

test("the register lies on its side, with the filters in words", async () => {
  const page = await open();
  await logIn(page, "buh@example.com");
  await page.goto("/sellers?act=not_requested&group=problem&group=ready&due=30&finished=yes");
  await page.emulateMedia({ media: "print" });
  assert.deepEqual(await controls(page), []);
  const chips = page.locator(".chip").filter({ visible: true });
  assert.deepEqual(await chips.evaluateAll((all) => all.map((c) => c.firstChild.textContent.trim())),
    ["Акт: не запрошен", "Группа: есть проблема", "Группа: пора запросить акт", "Срок: 30 дней", "С завершёнными"]);
  assert.equal(await page.locator(".chip .icon").filter({ visible: true }).count(), 0, "no cross to press");
  // One page of several says on paper where the others are, and so does the last; all of it on one page has nothing to say.
  const rest = () => page.locator(".under").evaluate((line) => getComputedStyle(line, "::after").content);
  const others = '". Остальные — на других страницах и в файлах CSV и XLSX."';
  assert.equal(await page.locator(".pager").count(), 0);
  assert.equal(await rest(), "none");
  await page.goto("/sellers");
  const pages = await print(page);
  assert.ok(pages.length > 1, "fifty sellers need more than one sheet");
  for (const sheet of pages) assert.deepEqual(sheet, landscape);
  assert.equal(await rest(), others);
  await page.goto(await page.locator(".pager a[rel=next]").getAttribute("href"));
  assert.equal(await page.locator(".pager a[rel=next]").count(), 0, "sixty sellers have two pages");
  assert.equal(await rest(), others);
  assert.deepEqual(await controls(page), []);
  await page.emulateMedia({ media: "screen" });
  assert.equal(await rest(), "none", "the pager says it on a screen");
});

test("a step prints without its form", async () => {
  const page = await open();
  await logIn(page, "seller@example.com");
  await page.locator("main .steps a").first().click();
  await page.getByTestId("step-return_stock").getByRole("link").click();
  await page.emulateMedia({ media: "print" });
  assert.deepEqual(await controls(page), []);
  assert.ok(await page.getByText("Как выполнить этот шаг").isVisible());
});
