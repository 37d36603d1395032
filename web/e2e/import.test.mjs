// F1: a table of sellers is looked at before it is loaded, and loaded once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { check, invalidHTML, overflow, sellerRows, signUp, start, submit } from "./harness.mjs";
import { startMail } from "./smtp.mjs";

const mail = await startMail();
const { server, open } = await start({ args: mail.args });
const shots = process.env.WINDDOWN_SHOTS; // a folder for pictures of the pages

const text = async (locator) => (await locator.innerText()).replaceAll(/\s+/g, " ").trim();

// inn is the n-th of many taxpayer numbers of companies with right check digits.
function inn(n) {
  const s = `77${String(n).padStart(7, "0")}`;
  const sum = [2, 4, 10, 3, 5, 9, 4, 6, 8].reduce((all, w, i) => all + w * Number(s[i]), 0);
  return s + String((sum % 11) % 10);
}

// windows1251 encodes Russian text as Excel saves CSV.
function windows1251(s) {
  return Buffer.from([...s].map((c) => {
    const n = c.codePointAt(0);
    if (n < 128) return n;
    if (c === "ё") return 0xb8;
    assert.ok(n >= 0x410 && n <= 0x44f, c);
    return n - 0x350;
  }));
}

const table = (...rows) => ({
  name: "продавцы.csv", mimeType: "text/csv",
  buffer: windows1251(["Наши продавцы;;;;", "Название;ИНН;Торгует по FBS;Дата запроса акта;Почта", ...rows].join("\r\n")),
});
const good = [`ООО Маяк;${inn(1)};да;;mayak@example.com`, `ООО Берег;${inn(2)};нет;02.11.2026;`, `ИП Ёлкина;500100732259;;;`.replace("Ё", "Е")];
const faulty = `ООО Ошибка;${inn(3).slice(0, 9)}${(Number(inn(3)[9]) + 1) % 10};да;завтра;`;

async function picture(page, name) {
  if (!shots || page.script) return; // taking one asks for a style of its own, which the policy refuses
  await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
  await page.setViewportSize({ width: 320, height: 640 });
  await page.screenshot({ path: `${shots}/${name}-320.png`, fullPage: true });
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.emulateMedia({ colorScheme: "dark" });
  await page.screenshot({ path: `${shots}/${name}-dark.png`, fullPage: true });
  await page.emulateMedia({ colorScheme: "light", media: "print" });
  await page.screenshot({ path: `${shots}/${name}-print.png`, fullPage: true });
  await page.emulateMedia({ media: "screen" });
}

// looks holds a page to what every page has to be, on a narrow phone too.
async function looks(page, name) {
  await check(page);
  assert.deepEqual(await invalidHTML(await (await page.request.get(page.url())).text()), []);
  await page.setViewportSize({ width: 320, height: 640 });
  assert.ok((await overflow(page)) <= 0, `${name} scrolls sideways at 320 px`);
  await page.setViewportSize({ width: 1280, height: 900 });
  await picture(page, name);
}

async function bring(page, file) {
  await page.goto("/sellers/import");
  await page.getByLabel("Файл с продавцами").setInputFiles(file);
  await submit(page, "Проверить файл");
  await page.waitForURL(/\/sellers\/import\/[0-9a-f-]{36}$/);
  await page.getByTestId("import-summary").waitFor();
}

for (const script of [true, false]) {
  test(`sellers from a table, ${script ? "with" : "without"} script`, async () => {
    const page = await open({ script });
    await signUp(page, { name: "Мария Иванова", email: `import-${script}@example.com` });
    await page.goto("/sellers");
    await page.getByRole("link", { name: "Загрузить многих продавцов из таблицы" }).click();
    await page.waitForURL("**/sellers/import");
    await looks(page, `form-${script}`);
    await submit(page, "Проверить файл");
    await page.getByRole("alert").getByText("Выберите файл").waitFor();
    await looks(page, `empty-${script}`);

    // One row is faulty in two cells, and all lack an answer.
    await bring(page, table(...good, faulty));
    assert.match(await text(page.getByTestId("import-faulty")), /С ошибками: 4/);
    await looks(page, `faulty-${script}`);
    await page.locator("#default_wb_stock").selectOption("no");
    await page.locator("#default_fbs").selectOption("yes");
    await submit(page, "Проверить заново");
    await page.getByTestId("import-new").waitFor();
    assert.match(await text(page.getByTestId("import-new")), /Новые: 3/);
    const wrong = await text(page.locator("tbody tr"));
    assert.match(wrong, /6 .*ИНН: Проверьте ИНН: контрольные цифры не сходятся.*Акт запрошен: Укажите дату/);
    await looks(page, `preview-${script}`);
    const [faults] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Скачать строки с ошибками" }).click()]);
    assert.match(faults.suggestedFilename(), /\.xlsx$/);
    await page.getByTestId("import-new").click();
    await page.getByText("ООО Берег").waitFor();
    await looks(page, `new-${script}`);
    await page.goto("/sellers");
    assert.equal(await sellerRows(page).count(), 0, "nothing is written before «Загрузить»");
    await page.goBack();

    await submit(page, "Загрузить 3 строки");
    await page.getByTestId("import-results").waitFor();
    assert.match(await text(page.getByTestId("import-results")), /Добавлено 3 продавца\. Не загружена 1 строка с ошибкой\./);
    await looks(page, `done-${script}`);

    // Letters are a choice of their own, on a page that says to whom, once one's own address is confirmed.
    await page.getByText("сначала подтвердите свой адрес").waitFor();
    const done = page.url();
    await page.goto(await mail.letterTo(server, `import-${script}@example.com`, "/account/confirm/"));
    await submit(page, "Подтвердить адрес");
    await page.getByText("Адрес подтверждён").first().waitFor();
    await page.goto(done);
    await looks(page, `offer-${script}`);
    await page.getByRole("link", { name: "Отправить приглашение 1 продавцу" }).click();
    await page.getByRole("heading", { level: 1, name: "Отправить приглашение 1 продавцу?" }).waitFor();
    assert.match(await text(page.locator("tbody tr")), /ООО Маяк .*mayak@example\.com/);
    await looks(page, `letters-${script}`);
    const sent = () => mail.letters.filter((l) => l.to === "mayak@example.com").length;
    const before = sent();
    await submit(page, "Отправить 1 письмо");
    await page.getByTestId("import-mailed").waitFor();
    assert.match(await text(page.getByTestId("import-mailed")), /Приглашение отправлено письмом 1 продавцу/);
    assert.equal(await page.getByRole("link", { name: /^Отправить приглашени/ }).count(), 0, "nothing is left to be sent");
    await looks(page, `mailed-${script}`);
    const owner = await open({ script });
    await owner.goto(await mail.letterTo(server, "mayak@example.com", "/invites/", before + 1));
    await owner.getByRole("heading", { level: 1, name: "Приглашение: ООО Маяк" }).waitFor();

    await page.locator("input[name=who][value=addressed]").check();
    const [links] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Сделать ссылки и скачать XLSX" }).click()]);
    assert.match(links.suggestedFilename(), /\.xlsx$/);

    await page.goto("/sellers");
    assert.equal(await sellerRows(page).count(), 3);
    await bring(page, table(...good));
    await page.getByText("Изменений нет: всё, что есть в файле, уже загружено.").waitFor();
    assert.equal(await page.getByRole("button", { name: /^Загрузить/ }).count(), 0);
    await looks(page, `again-${script}`);
    await page.goto("/sellers/new");
    await page.getByRole("link", { name: "Загрузить многих продавцов из таблицы" }).click();
    await page.waitForURL("**/sellers/import");
  });
}

test("a table is loaded by keyboard", async () => {
  const page = await open();
  await signUp(page, { name: "Мария Иванова", email: "import-keys@example.com" });
  const tabTo = async (locator) => {
    for (let i = 0; i < 80; i++) {
      await page.keyboard.press("Tab");
      if (await locator.evaluate((e) => e === document.activeElement)) return;
    }
    assert.fail("not reached by Tab");
  };
  await page.goto("/sellers/import");
  // Asked for ahead of the key: the browser is told to hand its dialog over while Tab goes round.
  const chooser = page.waitForEvent("filechooser");
  await tabTo(page.getByLabel("Файл с продавцами"));
  await page.keyboard.press("Space");
  await (await chooser).setFiles({ name: "sellers.csv", mimeType: "text/csv", buffer: Buffer.from(`Seller,INN,FBS,Stock\nElka,${inn(7)},no,0\n`) });
  await tabTo(page.getByRole("button", { name: "Проверить файл" }));
  await page.keyboard.press("Enter");
  const load = page.getByRole("button", { name: "Загрузить 1 строку" });
  await load.waitFor();
  await tabTo(load);
  await page.keyboard.press("Enter");
  await page.getByTestId("import-results").getByText("Добавлен 1 продавец.").waitFor();
});
