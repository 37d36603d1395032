// The letters a person sends himself: copied with one button or by hand, printed on one
// sheet, downloaded as files.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { axe, check, goodsGone, invalidHTML, mark, markAll, openCase, overflow, signUp, start } from "./harness.mjs";

const { server, open } = await start();

const kinds = ["request", "reminder", "objections", "termination"];
const textOf = (page) => page.locator("#letter-text").inputValue();

// letters opens the wind-down of a seller with long names, whose act is requested.
async function letters(page, email) {
  await signUp(page, { name: "Анна Константинопольская", email });
  const address = await openCase(page, {
    seller_name: "ООО «Торговый дом Северный лён и партнёры по розничной торговле домашним текстилем»", inn: "7707083893", ogrn: "1027700132195",
    cabinet: "Второй кабинет для домашнего текстиля", fbs: "yes", wb_stock: "yes", leftover: "both",
  });
  await markAll(page, address, ...goodsGone);
  await mark(page, address, "request_act", {
    channel: "support", ticket: "48-1107", period_from: "2021-03-01", period_to: "2026-11-01", counterparty: "ООО «РВБ»",
  });
  return `${address}/letters`;
}

test("every letter is accessible, is valid and prints on one sheet", async () => {
  const page = await open();
  const at = await letters(page, "all@example.com");
  for (const kind of kinds) {
    const answer = await page.goto(`${at}/${kind}`);
    assert.deepEqual(await invalidHTML(await answer.text()), [], kind);
    await check(page);
    await page.emulateMedia({ colorScheme: "dark" });
    assert.deepEqual(await axe(page), [], `${kind}, dark`);
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize({ width: 320, height: 640 });
    assert.ok((await overflow(page)) <= 0, `${kind} at 320 px`);
    await page.setViewportSize({ width: 1280, height: 900 });
    assert.ok(await page.getByText("Сервис ничего не отправляет в Wildberries: скопируйте").isVisible());

    await page.pdf({ preferCSSPageSize: true, pageRanges: "1" });
    await assert.rejects(page.pdf({ preferCSSPageSize: true, pageRanges: "2" }), /page count/, `${kind} has a second sheet`);
    const text = await textOf(page);
    await page.emulateMedia({ media: "print" });
    const drawn = await page.locator("body").innerText();
    assert.equal(drawn.trim(), text, `${kind}: the sheet holds the letter and nothing else`);
    await page.emulateMedia({ media: null });
  }
});

test("one button copies the letter", async () => {
  const page = await open();
  const at = await letters(page, "copy@example.com");
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"], { origin: server.url });
  await page.goto(`${at}/request`);
  const button = page.getByRole("button", { name: "Скопировать текст" });
  const said = page.getByRole("status");
  assert.equal(await said.textContent(), "");
  await button.click();
  await said.getByText("Скопировано", { exact: true }).waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(copied.replaceAll("\r\n", "\n"), await textOf(page));
  await check(page);

  // On plain http the browser knows no clipboard but the selection's.
  await page.evaluate(() => navigator.clipboard.writeText("нет"));
  await page.addInitScript(() => Object.defineProperty(Navigator.prototype, "clipboard", { value: undefined }));
  await page.goto(`${at}/reminder`);
  const text = await textOf(page);
  await button.click();
  await said.getByText("Скопировано", { exact: true }).waitFor();
  await page.goto(`${at.replace("/letters", "")}/steps/receive_act`);
  await page.locator("#note").press("Control+v");
  assert.equal(await page.locator("#note").inputValue(), text);

  await page.goto(`${at}/objections`);
  await page.evaluate(() => (document.execCommand = () => false));
  await button.click();
  await said.getByText("Текст выделен").waitFor();
  assert.equal(await page.locator("#letter-text").evaluate((e) => e.value.slice(e.selectionStart, e.selectionEnd) === e.value), true);
});

test("without script the letter is selected by hand and downloaded", async () => {
  const page = await open({ script: false });
  const at = await letters(page, "plain@example.com");
  await page.goto(`${at}/termination`);
  await check(page);
  assert.equal(await page.getByRole("button", { name: "Скопировать текст" }).count(), 0);
  const area = page.locator("#letter-text");
  const text = await textOf(page);
  await area.press("Control+a");
  assert.equal(await area.evaluate((e) => e.value.slice(e.selectionStart, e.selectionEnd)), text);
  await area.pressSequentially("x");
  assert.equal(await textOf(page), text, "the letter is not written here");

  for (const ending of ["txt", "docx"]) {
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: `Скачать .${ending}` }).click()]);
    assert.match(file.suggestedFilename(), new RegExp(`^Письмо уведомление об отказе от договора — ООО «Торговый дом .*\\.${ending}$`));
    const bytes = readFileSync(await file.path());
    if (ending === "txt") assert.equal(bytes.toString("utf8"), `\ufeff${text.replaceAll("\n", "\r\n")}\r\n`);
    else assert.equal(bytes.toString("latin1", 0, 4), "PK\u0003\u0004");
  }
  assert.deepEqual(page.trouble, []);
});
