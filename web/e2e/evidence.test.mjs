// Proof of a step: files or a written reason, and what the accountant says to it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "node:zlib";
import { check, goodsGone, invite, markAll, openCase, post, signUp, start, submit } from "./harness.mjs";

const { open } = await start();

const text = async (locator) => (await locator.innerText()).replaceAll(/\s+/g, " ").trim();

// png is a picture of one grey.
function png(grey, side = 40) {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE(crc(body), body.length + 4);
    return out;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  head[8] = 8; // bits of grey
  const rows = Buffer.alloc((side + 1) * side, grey);
  for (let i = 0; i < side; i++) rows[i * (side + 1)] = 0; // no filter
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", head), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

function crc(bytes) {
  let c = ~0;
  for (const b of bytes) {
    c ^= b;
    for (let i = 0; i < 8; i++) c = (c >>> 1) ^ (c & 1 ? 0xedb88320 : 0);
  }
  return ~c >>> 0;
}

const picture = (name, grey) => ({ name, mimeType: "image/png", buffer: png(grey) });
const html = Buffer.from("<!doctype html><script>alert(document.domain)</script>");

// attach uploads files for a slot on the step's page that is open.
async function attach(page, slot, files, note) {
  const form = page.getByTestId(`slot-${slot}`).locator("details:has(form)");
  if (!(await form.evaluate((e) => e.open))) await form.locator("summary").click();
  await page.locator(`#file_${slot}`).setInputFiles(files);
  if (note) await page.locator(`#note_${slot}`).fill(note);
  await page.locator(`#file_${slot}-send`).click();
}

const said = (page, sentence) => page.getByRole("status").getByText(sentence).waitFor();

test("an upload leaves what is typed in the question beside it", async () => {
  const page = await open();
  await signUp(page, { name: "Анна Петрова", email: "typed@example.com" });
  const address = await openCase(page);
  await page.goto(`${address}/steps/zero_fbs`);
  await page.getByLabel("Да, выполнен").check();
  await page.locator("#on").fill("2026-11-10");
  await page.locator("#note").fill("Склад закрыт");
  await attach(page, "stock_zero", picture("ноль.png", 3));
  await page.getByTestId("slot-stock_zero").getByText("ноль.png").first().waitFor();
  assert.ok(await page.getByLabel("Да, выполнен").isChecked());
  assert.equal(await page.locator("#on").inputValue(), "2026-11-10");
  assert.equal(await page.locator("#note").inputValue(), "Склад закрыт");
  await submit(page, "Сохранить");
  await page.getByTestId("overall").waitFor();
  await page.goto(`${address}/steps/zero_fbs`);
  await page.getByText("10 ноября 2026").first().waitFor();
});

for (const script of [true, false]) {
  const how = script ? "with script" : "without script";

  test(`a step is done with proof or with a reason, ${how}`, async () => {
    const page = await open({ script });
    await signUp(page, { name: "Анна Петрова", email: `anna-${script}@example.com` });
    const address = await openCase(page);

    // No choice: the summary leads to the radios.
    await page.goto(`${address}/steps/zero_fbs`);
    await submit(page, "Сохранить");
    await page.locator(".error-summary a[href='#done']").waitFor();
    await check(page);

    // Neither a file nor a reason.
    await page.getByLabel("Да, выполнен").check();
    await submit(page, "Сохранить");
    const missing = page.locator(".error-summary a[href='#reason_stock_zero']");
    await missing.waitFor();
    assert.equal(await missing.innerText(), "Приложите файл «Скриншот остатков FBS = 0» или напишите, почему его нет");
    await missing.click();
    assert.equal(await page.evaluate(() => document.activeElement.id), "reason_stock_zero");
    await check(page);

    // A date to come, with the reason kept.
    await page.locator("#reason_stock_zero").fill("Кабинет заблокирован");
    await page.locator("#on").fill("2026-11-20");
    await submit(page, "Сохранить");
    await page.locator(".error-summary").getByText("Дата не может быть позже сегодняшней").waitFor();
    assert.equal(await page.locator("#reason_stock_zero").inputValue(), "Кабинет заблокирован");
    await page.locator("#on").fill("2026-11-12");
    await submit(page, "Сохранить");
    await said(page, "Шаг «Обнулить остатки FBS» отмечен.");
    assert.match(await text(page.getByTestId("step-zero_fbs")), /Выполнено 12 ноября, Анна Петрова$/);
    await page.goto(`${address}/steps/zero_fbs`);
    assert.match(await text(page.getByTestId("slot-stock_zero")), /Вместо файла · Анна Петрова, .* Кабинет заблокирован/);
    await check(page);

    // The next one with files.
    await page.goto(`${address}/steps/return_stock`);
    await attach(page, "remains_zero", [picture("остатки.png", 90), picture("второй склад.png", 120)], "Оба склада");
    await said(page, "Загружено 2 файла. Это ещё не отметка о выполнении.");
    const slot = page.getByTestId("slot-remains_zero");
    assert.deepEqual(await slot.locator(".file-name a").allInnerTexts(), ["остатки.png", "второй склад.png"]);
    assert.match(await text(slot), /1 КБ, Анна Петрова, 13 ноября 2026, \d\d:\d\d МСК SHA-256 [0-9a-f]{12}/);
    assert.equal(await page.getByTestId("status").getAttribute("data-state"), "in_progress");
    await check(page);
    await page.getByLabel("Да, выполнен").check();
    assert.equal(await page.locator("#reason_remains_zero").count(), 0);
    await submit(page, "Сохранить");
    await said(page, "Шаг «Вернуть товар со складов WB» отмечен.");

    // All but the last step before the act: the notice names what the last one opens.
    await markAll(page, address, "sell_out");
    await page.goto(`${address}/steps/collect_returns`);
    await page.getByLabel("Да, выполнен").check();
    await submit(page, "Сохранить");
    await said(page, "Шаг «Забрать возвраты покупателей» отмечен. Открыт шаг «Запросить акт сверки».");
  });

  test(`bad files are refused by name and do not run, ${how}`, async () => {
    const page = await open({ script });
    const dialogs = [];
    page.on("dialog", (dialog) => {
      dialogs.push(dialog.message());
      dialog.dismiss();
    });
    await signUp(page, { name: "Анна Петрова", email: `bad-${script}@example.com` });
    const address = await openCase(page);
    await page.goto(`${address}/steps/zero_fbs`);
    await attach(page, "stock_zero", [
      picture("хороший.png", 90), { name: "страница.png", mimeType: "image/png", buffer: html }, { name: "пустой.pdf", mimeType: "application/pdf", buffer: Buffer.alloc(0) },
    ], "Не потеряйте");
    await page.locator(".error-summary a[href='#file_stock_zero']").first().waitFor();
    const sentences = await page.locator(".error-summary li").allInnerTexts();
    assert.equal(sentences.length, 2);
    assert.match(sentences[0], /^Файл «страница\.png» не подходит/);
    assert.match(sentences[1], /^Файл «пустой\.pdf» пуст/);
    await page.getByText("Эти файлы загружены: «хороший.png»").waitFor();
    assert.equal(await page.locator("#note_stock_zero").inputValue(), "Не потеряйте");
    await check(page);

    // A real picture with a page behind it stays a picture.
    await attach(page, "stock_zero", { name: "двойной.png", mimeType: "image/png", buffer: Buffer.concat([png(60), html]) });
    await said(page, "Файл загружен.");
    await page.getByTestId("slot-stock_zero").getByRole("link", { name: "двойной.png", exact: true }).click();
    await page.waitForURL((url) => /\/files\/2$/.test(url.pathname));
    assert.equal(await page.evaluate(() => document.images[0]?.naturalWidth), 40, "the picture shows");
    assert.deepEqual(dialogs, []);
    page.trouble.length = 0; // the browser's own wish for an icon
  });

  test(`evidence is accepted and sent back, ${how}`, async () => {
    const [owner, accountant] = [await open({ script }), await open({ script })];
    await signUp(owner, { name: "Анна Петрова", email: `owner-${script}@example.com` });
    await signUp(accountant, { name: "Мария Иванова", email: `buh-${script}@example.com` });
    const address = await openCase(owner);
    await post(accountant, new URL(await invite(owner, address, "accountant")).pathname);
    const step = `${address}/steps/zero_fbs`;
    await owner.goto(step);
    await attach(owner, "stock_zero", picture("остатки.png", 90));
    await said(owner, "Файл загружен. Это ещё не отметка о выполнении.");
    await markAll(owner, address, "zero_fbs");

    // Accepted: the set is frozen.
    await accountant.goto(step);
    await check(accountant);
    await accountant.getByRole("button", { name: "Принять", exact: true }).click();
    await said(accountant, "Шаг «Обнулить остатки FBS» принят.");
    assert.equal(await text(accountant.getByTestId("accepted")), "Принято 13 ноября 2026, Мария Иванова");
    await check(accountant);
    await accountant.goto(address.replace("/cases/", "/sellers/"));
    assert.match(await text(accountant.getByTestId("step-zero_fbs")), /Принято$/);
    await owner.goto(step);
    const slot = owner.getByTestId("slot-stock_zero");
    assert.match(await text(slot), /остатки\.png Принято/);
    assert.equal(await slot.getByRole("link", { name: /^Убрать/ }).count(), 0);
    assert.equal((await owner.goto(`${address}/files/1/remove`)).status(), 409);
    await owner.getByText("Бухгалтер принял этот файл, поэтому убрать его нельзя.").waitFor();

    // A later file is a new version and drops the acceptance.
    await owner.goto(step);
    await attach(owner, "stock_zero", picture("остатки.png", 200));
    await said(owner, "Загружен 1 файл.");
    assert.match(await text(slot), /версия 2/);
    const dropped = "Принятие 13 ноября 2026 (Мария Иванова) снято: появились новые файлы";
    assert.equal(await text(owner.getByTestId("dropped")), dropped);
    await check(owner);
    await accountant.goto(step);
    await accountant.getByRole("button", { name: "Принять", exact: true }).click();
    await said(accountant, "Шаг «Обнулить остатки FBS» принят.");
    assert.equal(await text(accountant.getByTestId("dropped")), dropped, "both signatures are seen");

    // Sent back: a reason is needed, and the seller sees it on the row.
    await accountant.getByRole("link", { name: "Вернуть на доработку" }).click();
    await accountant.getByRole("heading", { level: 1, name: "Вернуть на доработку «Обнулить остатки FBS»?" }).waitFor();
    await submit(accountant, "Вернуть на доработку");
    await accountant.locator(".error-summary a[href='#reason']").waitFor();
    await check(accountant);
    await accountant.locator("#reason").fill("На снимке не видно даты");
    await submit(accountant, "Вернуть на доработку");
    await said(accountant, "Шаг «Обнулить остатки FBS» возвращён на доработку.");
    await owner.goto(address);
    const row = owner.getByTestId("step-zero_fbs");
    assert.equal(await row.getAttribute("data-state"), "problem");
    assert.match(await text(row), /Есть проблема .*Бухгалтер вернул шаг на доработку 13 ноября: На снимке не видно даты/);
    await check(owner);
  });

  test(`a gate is opened without fulfilment, and questions are answered, ${how}`, async () => {
    const [owner, accountant] = [await open({ script }), await open({ script })];
    await signUp(owner, { name: "Анна Петрова", email: `gate-${script}@example.com` });
    await signUp(accountant, { name: "Мария Иванова", email: `gate-buh-${script}@example.com` });
    const address = await openCase(owner);
    await post(accountant, new URL(await invite(owner, address, "accountant")).pathname);
    await markAll(owner, address, ...goodsGone.slice(0, 3));

    await accountant.goto(`${address}/steps/request_act`);
    await accountant.getByRole("link", { name: "Разрешить без выполнения" }).click();
    await accountant.getByText("Не выполнен шаг «Забрать возвраты покупателей».").waitFor();
    await submit(accountant, "Разрешить без выполнения");
    await accountant.locator(".error-summary a[href='#reason']").waitFor();
    await check(accountant);
    await accountant.locator("#reason").fill("Возвраты списаны по письму WB");
    await submit(accountant, "Разрешить без выполнения");
    await said(accountant, "Шаг «Запросить акт сверки» разрешён без выполнения предыдущих.");
    await check(accountant);
    await owner.goto(address);
    const row = owner.getByTestId("step-request_act");
    assert.match(await text(row), /Не начато Разрешено без предыдущих шагов/);
    await row.getByRole("link").click();
    assert.match(await text(owner.getByTestId("waiver")), /13 ноября 2026, Мария Иванова: без шага «Забрать возвраты покупателей» Причина: Возвраты списаны по письму WB/);
    await check(owner);
    await accountant.goto(`${address}/steps/request_act/unwaive`);
    await accountant.locator("#reason").fill("Возвраты нашлись");
    await submit(accountant, "Отозвать разрешение");
    await said(accountant, "Разрешение у шага «Запросить акт сверки» отозвано.");
    await owner.goto(address);
    assert.equal(await row.getAttribute("data-state"), "blocked");

    // Questions.
    await accountant.goto(`${address}/steps/zero_fbs`);
    await accountant.locator("summary", { hasText: "Задать вопрос" }).click();
    await accountant.getByRole("button", { name: "Задать вопрос" }).click();
    await accountant.locator(".error-summary a[href='#question']").waitFor();
    await check(accountant);
    await accountant.locator("#question").fill("На всех складах нули?");
    await accountant.getByRole("button", { name: "Задать вопрос" }).click();
    await said(accountant, "Вопрос задан.");
    await owner.goto(address);
    assert.match(await text(owner.getByTestId("step-zero_fbs")), /Вопросов: 1$/);
    await owner.goto(`${address}/steps/zero_fbs`);
    await owner.getByRole("button", { name: "Ответить" }).click();
    await owner.locator(".error-summary a[href='#answer_1']").waitFor();
    await check(owner);
    await owner.locator("#answer_1").fill("Да, на всех");
    await owner.getByRole("button", { name: "Ответить" }).click();
    await said(owner, "Ответ записан.");
    await accountant.reload();
    assert.match(await text(accountant.getByTestId("question-1")), /^Есть ответ Мария Иванова/);
    await accountant.getByRole("button", { name: "Закрыть вопрос" }).click();
    await said(accountant, "Вопрос закрыт.");
    await owner.goto(address);
    assert.doesNotMatch(await text(owner.getByTestId("step-zero_fbs")), /Вопросов/);
  });
}

test("files are dropped, and an upload shows its progress", async () => {
  const page = await open();
  await signUp(page, { name: "Анна Петрова", email: "drop@example.com" });
  const address = await openCase(page);
  await page.goto(`${address}/steps/zero_fbs`);
  await page.evaluate((bytes) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([new Uint8Array(bytes)], "брошенный.png", { type: "image/png" }));
    document.querySelector("#file_stock_zero").dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer }));
  }, [...png(90)]);
  // The request waits, as it would on a slow line.
  let go;
  const waits = new Promise((resolve) => (go = resolve));
  await page.route(`**${address}/steps/zero_fbs/files?*`, async (route) => {
    await waits;
    await route.continue();
  });
  await page.evaluate(() => {
    window.heard = [];
    const region = document.querySelector("#file_stock_zero").closest("form").querySelector("[role=status]");
    new MutationObserver(() => window.heard.push(region.textContent)).observe(region, { childList: true, subtree: true, attributes: true });
  });
  await page.locator("#file_stock_zero-send").click();
  await page.getByRole("progressbar", { name: "Файлы загружаются" }).waitFor();
  await check(page);
  go();
  await said(page, "Файл загружен. Это ещё не отметка о выполнении.");
  assert.deepEqual(await page.evaluate(() => window.heard), ["Файлы загружаются", "Файлы отправлены, сервер их проверяет"]);
  assert.equal(new URL(page.url()).pathname, `${address}/steps/zero_fbs`);
  assert.deepEqual(await page.getByTestId("slot-stock_zero").locator(".file-name a").allInnerTexts(), ["брошенный.png"]);
  await check(page);
});
