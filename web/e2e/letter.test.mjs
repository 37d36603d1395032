// The letters a person sends himself: copied with one button or by hand, printed on one
// sheet, downloaded as files.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { axe, check, goodsGone, invalidHTML, mark, markAll, openCase, overflow, signUp, start } from "./harness.mjs";

const { server, open } = await start();

const kinds = ["request", "reminder", "objections", "termination"];
const textOf = (page) => page.locator("#text").inputValue();

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
  const said = page.getByRole("main").getByRole("status");
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
  assert.equal(await page.locator("#text").evaluate((e) => e.value.slice(e.selectionStart, e.selectionEnd) === e.value), true);
});

// found goes from the checklist to the notice of termination by links alone.
async function found(page, address) {
  await page.goto(address);
  await page.getByRole("link", { name: "Письма для Wildberries" }).click();
  await page.waitForURL(`**${address}/letters`);
  await check(page);
  assert.deepEqual(await page.locator("main dl a").allInnerTexts(), [
    "Письмо: уведомление об отказе от договора", "Письмо: запрос акта сверки", "Письмо: напоминание об акте", "Письмо: возражения к акту",
  ]);
  await page.getByRole("link", { name: "Письмо: уведомление об отказе от договора" }).click();
  await page.waitForURL("**/letters/termination");
  await page.getByRole("link", { name: "Все письма" }).click();
  await page.getByRole("link", { name: "Письмо: напоминание об акте" }).click();
  await page.waitForURL("**/letters/reminder");
  await page.goto(`${address}/steps/sell_out`);
  await page.getByRole("link", { name: "Письмо: уведомление об отказе от договора" }).click();
  await page.waitForURL("**/letters/termination");
}

for (const script of [true, false]) {
  test(`the notice of termination is reached by clicking, script ${script ? "on" : "off"}`, async () => {
    const page = await open({ script });
    await signUp(page, { name: "Петрова", email: `found-${script}@example.com` });
    await found(page, await openCase(page));
    assert.deepEqual(page.trouble, []);
  });

  test(`an edited letter is what goes, script ${script ? "on" : "off"}`, async () => {
    const page = await open({ script });
    const at = await letters(page, `edit-${script}@example.com`);
    const path = `${at}/request`;
    await page.goto(path);
    const area = page.locator("#text");
    const mine = `${await textOf(page)}\n\nP. S. <Пришлите> & подпишите`;
    await area.fill(mine);
    const download = async (ending) => {
      const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: `Скачать .${ending}` }).click()]);
      assert.match(file.suggestedFilename(), new RegExp(`^Письмо запрос акта сверки — ООО «Торговый дом .*\\.${ending}$`));
      return readFileSync(await file.path());
    };
    assert.equal((await download("txt")).toString("utf8"), `\ufeff${mine.replaceAll("\n", "\r\n")}\r\n`);
    assert.equal((await download("docx")).toString("latin1", 0, 4), "PK\u0003\u0004");
    assert.equal(await textOf(page), mine, "the text is gone after a download");

    const sheet = page.locator(".letter");
    if (script) {
      await page.context().grantPermissions(["clipboard-read", "clipboard-write"], { origin: server.url });
      await page.getByRole("button", { name: "Скопировать текст" }).click();
      await page.getByRole("status").getByText("Скопировано", { exact: true }).waitFor();
      assert.equal((await page.evaluate(() => navigator.clipboard.readText())).replaceAll("\r\n", "\n"), mine);
      assert.notEqual(await sheet.textContent(), mine);
      await page.pdf(); // prints, as a person would
      assert.equal(await sheet.textContent(), mine, "the sheet holds another text");
      await area.fill(`${mine}!`);
    }
    const typed = await textOf(page);
    await page.getByRole("button", { name: "Подготовить к печати" }).click();
    await page.getByText("Письмо готово к печати").waitFor();
    assert.equal(await sheet.textContent(), typed);
    assert.equal(await textOf(page), typed);
    assert.ok(await page.getByText("Сервис ничего не отправляет в Wildberries").isVisible());
    await check(page);

    await area.fill(" ");
    await page.getByRole("button", { name: "Скачать .docx" }).click();
    await page.getByText("Напишите текст письма").first().waitFor();
    assert.equal(await textOf(page), " ");
    await check(page);
    assert.ok(!(await textOf(await reload(page, path))).includes("P. S."), "the text was kept");
  });
}

async function reload(page, path) {
  await page.goto(path);
  return page;
}

test("without script the letter is selected by hand and downloaded", async () => {
  const page = await open({ script: false });
  const at = await letters(page, "plain@example.com");
  await page.goto(`${at}/termination`);
  await check(page);
  assert.equal(await page.getByRole("button", { name: "Скопировать текст" }).count(), 0);
  const area = page.locator("#text");
  const text = await textOf(page);
  await area.press("Control+a");
  assert.equal(await area.evaluate((e) => e.value.slice(e.selectionStart, e.selectionEnd)), text);

  for (const ending of ["txt", "docx"]) {
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: `Скачать .${ending}` }).click()]);
    assert.match(file.suggestedFilename(), new RegExp(`^Письмо уведомление об отказе от договора — ООО «Торговый дом .*\\.${ending}$`));
    const bytes = readFileSync(await file.path());
    if (ending === "txt") assert.equal(bytes.toString("utf8"), `\ufeff${text.replaceAll("\n", "\r\n")}\r\n`);
    else assert.equal(bytes.toString("latin1", 0, 4), "PK\u0003\u0004");
  }
  assert.deepEqual(page.trouble, []);
});
