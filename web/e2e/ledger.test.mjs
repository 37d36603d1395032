// The debts of a wind-down: written down, pasted from a table, settled with a paper, until
// the balance is zero. With script and without.
import assert from "node:assert/strict";
import { test } from "node:test";
import { anna, check, goodsGone, invite, logIn, mark, markAll, openCase, overflow, owe, post, sellerRow, signUp, start, submit } from "./harness.mjs";

const { open } = await start({ seed: ["--sellers", "1"] });

const text = async (locator) => (await locator.innerText()).replaceAll(/\s+/g, " ").trim();
const balance = (page) => text(page.getByTestId("balance"));
const rows = (page) => page.locator(".ledger tbody tr").evaluateAll((all) =>
  all.map((r) => [...r.children].map((c) => c.innerText.replaceAll(/\s+/g, " ").trim())));

// send presses a button of the page and returns the status of the answer to its POST.
async function send(page, button) {
  const answer = page.waitForResponse((r) => r.request().method() === "POST");
  await submit(page, button);
  return (await answer).status();
}

const pdf = Buffer.from("%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n");

for (const script of [true, false]) {
  const how = script ? "with script" : "without script";

  test(`debts are written down and settled, ${how}`, async () => {
    const page = await open({ script });
    await signUp(page, { name: "Анна Петрова", email: `debts-${script}@example.com` });
    const address = await openCase(page);
    await page.goto(address);
    await page.getByRole("link", { name: "Долги и расчёты" }).click();
    assert.equal(await balance(page), "Долгов пока не записано");
    await check(page);

    // Every mistake at once, and what was typed stays.
    await page.locator("#amount").fill("1,234");
    assert.equal(await send(page, "Записать"), 422);
    await page.locator(".error-summary").waitFor();
    assert.deepEqual(await page.locator(".error-summary a").evaluateAll((all) => all.map((a) => a.hash)), ["#side", "#what", "#amount"]);
    assert.match(await text(page.locator("#amount-error")), /Непонятно, где здесь копейки/);
    assert.equal(await page.locator("#amount").inputValue(), "1,234");
    await check(page);

    await page.getByLabel("Мы должны WB").check();
    await page.locator("#what").fill("Хранение за октябрь");
    await page.locator("#amount").fill("464 788,15 ₽");
    await page.locator("#on").fill("2026-11-10");
    await page.locator("#document").fill("отчёт № 251107");
    assert.equal(await send(page, "Записать"), 303);
    await page.getByRole("status").getByText("Строка записана.").waitFor();
    assert.equal(await balance(page), "Вы должны WB 464 788,15 ₽");
    assert.deepEqual(await rows(page), [
      ["Хранение за октябрь", "Мы должны WB", "464 788,15 ₽", "10 ноября 2026", "отчёт № 251107", "Не погашен", "−464 788,15 ₽"],
    ]);
    await check(page);
    await page.setViewportSize({ width: 320, height: 640 });
    assert.ok((await overflow(page)) <= 0);
    assert.ok(await page.locator(".ledger").evaluate((box) => box.scrollWidth <= box.clientWidth), "each line is a card");
    const label = (cell) => getComputedStyle(cell, "::before").content;
    assert.equal(await page.locator(".ledger td").first().evaluate(label), '"Кто должен: "');
    await page.setViewportSize({ width: 1280, height: 900 });

    // The debt is the first thing the checklist says.
    await page.goto(address);
    const risk = page.locator("main .notice.error");
    assert.match(await text(risk), /Вы должны WB 464 788,15 ₽ Пока долг не погашен, WB может снижать цены/);
    assert.ok((await risk.boundingBox()).y < (await page.getByTestId("next").boundingBox()).y, "before the next step");
    await check(page);
    await risk.getByRole("link", { name: "Долги и расчёты" }).click();

    // A paper, and settled.
    await page.getByRole("link", { name: "Хранение за октябрь" }).click();
    await page.getByLabel("Приложить документ").setInputFiles({ name: "Платёжка.pdf", mimeType: "application/pdf", buffer: pdf });
    assert.equal(await send(page, "Загрузить"), 303);
    await page.getByRole("link", { name: "Платёжка.pdf", exact: true }).waitFor();
    await check(page);
    await page.locator("#on").fill("2026-11-12");
    assert.equal(await send(page, "Отметить погашенным"), 303);
    await page.getByRole("status").getByText("Отмечено, что долг погашен.").waitFor();
    assert.match(await text(page.locator(".summary-list")), /Состояние Погашен 12 ноября 2026/);
    assert.equal(await send(page, "Вернуть в расчёты"), 303);
    await page.getByRole("status").getByText("Строка снова в расчётах.").waitFor();

    // Corrected, given up, removed.
    await page.getByRole("link", { name: "Исправить строку" }).click();
    await page.locator("#amount").fill("3 418,20");
    await check(page);
    assert.equal(await send(page, "Сохранить"), 303);
    await page.getByTestId("debt").getByText(/3\s418,20/).waitFor();
    await page.getByRole("link", { name: "Списать долг" }).click();
    assert.equal(await send(page, "Списать долг"), 422);
    await page.locator(".error-summary").getByRole("link", { name: "Укажите причину" }).waitFor();
    await check(page);
    await page.locator("#reason").fill("WB отменил начисление");
    assert.equal(await send(page, "Списать долг"), 303);
    await page.getByTestId("balance").waitFor();
    assert.equal(await balance(page), "Расчёты сведены к нулю");
    assert.equal((await rows(page))[0][5], "Списан 13 ноября 2026: WB отменил начисление");
    await page.getByRole("link", { name: "Хранение за октябрь" }).click();
    await page.getByRole("link", { name: "Удалить строку" }).click();
    await page.locator("#reason").fill("Записано дважды");
    assert.equal(await send(page, "Удалить строку"), 303);
    await page.getByText("1 удалённая строка").waitFor();
    assert.equal((await rows(page)).length, 0);
    await check(page);
  });

  test(`a table is pasted, ${how}`, async () => {
    const page = await open({ script });
    await signUp(page, { name: "Анна Петрова", email: `paste-${script}@example.com` });
    const address = await openCase(page);
    await page.goto(`${address}/debts`);
    await page.getByRole("link", { name: "Вставить несколько строк из таблицы" }).click();
    await check(page);
    assert.equal(await send(page, "Проверить"), 422);
    await page.locator(".error-summary").getByRole("link", { name: "Вставьте строки или выберите файл" }).waitFor();

    const table = "За что\tСумма\tДата\tДокумент\nХранение\t−3 418,20\t01.11.2026\tотчёт 1\nВыплата\t1000\t\t\nОшибка\tмного\t\t";
    await page.getByLabel("Вставьте строки из Excel или CSV").fill(table);
    assert.equal(await send(page, "Проверить"), 200);
    const preview = page.getByTestId("preview");
    await preview.waitFor();
    assert.equal(await text(preview.getByRole("heading")), "Прочитано 2 строки");
    assert.match(await text(preview.locator(".notice")), /записаны не будут Строка 4: Укажите сумму в рублях/);
    assert.deepEqual((await rows(page)).map((r) => r.slice(0, 4)), [
      ["Хранение", "Мы должны WB", "3 418,20 ₽", "1 ноября 2026"], ["Выплата", "WB должен нам", "1 000,00 ₽", "13 ноября 2026"],
    ]);
    assert.equal(await text(page.getByTestId("after")), "После записи: Вы должны WB 2 418,20 ₽.");
    assert.equal(await page.getByLabel("Вставьте строки из Excel или CSV").inputValue(), table, "the table can be corrected");
    await check(page);
    await page.setViewportSize({ width: 320, height: 640 });
    assert.ok((await overflow(page)) <= 0);
    await page.setViewportSize({ width: 1280, height: 900 });

    // Corrected, checked again, added; going back and adding once more adds nothing.
    await page.getByLabel("Вставьте строки из Excel или CSV").fill(table.replace("много", "18,20"));
    assert.equal(await send(page, "Проверить"), 200);
    await preview.getByRole("heading", { name: "Прочитано 3 строки" }).waitFor();
    const form = await preview.locator("form").evaluate((f) => Object.fromEntries(new FormData(f)));
    assert.equal(await send(page, "Добавить 3 строки"), 303);
    await page.getByRole("status").getByText("Строки записаны.").waitFor();
    assert.equal(await balance(page), "Вы должны WB 2 400,00 ₽");
    await post(page, `${address}/debts/lines`, form);
    await page.reload();
    assert.equal((await rows(page)).length, 3);

    // A file is read the same way.
    await page.getByRole("link", { name: "Вставить несколько строк из таблицы" }).click();
    await page.getByLabel("Или выберите файл").setInputFiles({ name: "долги.csv", mimeType: "text/csv", buffer: Buffer.from("\ufeffЗа что;Сумма\r\nВыплата;2400,00\r\n") });
    assert.equal(await send(page, "Проверить"), 200);
    await preview.getByRole("heading", { name: "Прочитана 1 строка" }).waitFor();
    assert.equal(await send(page, "Добавить 1 строку"), 303);
    await page.getByTestId("balance").getByText("Расчёты сведены к нулю").waitFor();
  });

  test(`debts are not settled before the balance is zero, ${how}`, async () => {
    const [owner, buh] = [await open({ script }), await open({ script })];
    await signUp(owner, { name: "Анна Петрова", email: `settle-${script}@example.com` });
    const address = await openCase(owner, { ...anna, seller_name: `ИП Долгова ${script ? "А" : "Б"}` });
    await logIn(buh, "buh@example.com");
    await post(buh, new URL(await invite(owner, address, "accountant")).pathname);
    await markAll(owner, address, ...goodsGone, "request_act", "receive_act", "sign_act");
    const line = await owe(owner, address, "Штраф", "464 788,15");

    const seller = address.replace("/cases/", "/sellers/");
    await buh.goto("/sellers");
    assert.match(await text(sellerRow(buh, address.split("/").pop())), /Долг 464 788,15 ₽/);
    await check(buh);
    await buh.goto(seller);
    assert.match(await text(buh.locator("main .notice.error")), /Продавец должен WB 464 788,15 ₽/);
    await check(buh);
    await buh.goto(`${address}/debts`);
    assert.equal(await buh.getByRole("button", { name: "Записать" }).count(), 0);
    await check(buh);

    await owner.goto(`${address}/steps/settle_debts`);
    assert.match(await text(owner.getByRole("main")), /Вы должны WB 464 788,15 ₽.*Расчёты не сведены к нулю: осталось 464 788,15 ₽/);
    await check(owner);
    await owner.getByLabel("Да, выполнен").check();
    await owner.locator("#on").fill("2026-11-12");
    assert.equal(await send(owner, "Сохранить"), 422);
    await owner.locator(".error-summary").getByRole("link", { name: /Расчёты не сведены к нулю/ }).waitFor();
    await owner.getByRole("link", { name: "Открыть расчёты" }).click();
    await owner.getByRole("link", { name: "Штраф" }).click();
    assert.equal(await send(owner, "Отметить погашенным"), 303);
    await owner.getByRole("status").getByText("Отмечено, что долг погашен.").waitFor();
    await markAll(owner, address, "settle_debts");

    // A debt that counts again suspends the step.
    await owner.goto(line);
    assert.equal(await send(owner, "Вернуть в расчёты"), 303);
    await owner.getByRole("status").getByText("Строка снова в расчётах.").waitFor();
    await owner.goto(address);
    assert.match(await text(owner.getByTestId("step-settle_debts")), /Есть проблема .*расчёты снова не сходятся/);
  });

  test(`the balance of the act becomes a line, ${how}`, async () => {
    const page = await open({ script });
    await signUp(page, { name: "Анна Петрова", email: `act-balance-${script}@example.com` });
    const address = await openCase(page);
    await markAll(page, address, ...goodsGone, "request_act");
    await mark(page, address, "receive_act", { ours: "43 654", ours_side: "to_wb", theirs: "43 654", theirs_side: "to_wb" });
    await markAll(page, address, "sign_act");

    await page.goto(address);
    assert.match(await text(page.locator("main .notice.error")), /В акте сверки сальдо 43 654,00 ₽ в пользу WB, а в долгах ничего не записано/);
    await check(page);
    await page.goto(`${address}/steps/settle_debts`);
    await page.getByLabel("Да, выполнен").check();
    assert.equal(await send(page, "Сохранить"), 422);
    await page.locator(".error-summary").getByRole("link", { name: /По акту сверки сальдо −43 654,00 ₽/ }).waitFor();
    await check(page);
    await page.getByRole("link", { name: "Записать сальдо акта" }).click();
    await page.locator("#amount").waitFor();
    assert.equal(await page.locator("#amount").inputValue(), "43654,00");
    assert.ok(await page.getByLabel("Мы должны WB").isChecked());
    assert.equal(await send(page, "Записать"), 303);
    await page.getByTestId("balance").getByText("Вы должны WB 43 654,00 ₽").waitFor();
    assert.equal(await page.locator("main .notice.warning").count(), 0, "the ledger says what the act says");
    await page.getByRole("link", { name: "Сальдо по акту сверки" }).click();
    assert.equal(await send(page, "Отметить погашенным"), 303);
    await page.getByRole("status").getByText("Отмечено, что долг погашен.").waitFor();
    await markAll(page, address, "settle_debts");
    await page.goto(address);
    assert.equal(await page.getByTestId("step-settle_debts").getAttribute("data-state"), "done");
  });
}

test("the ledger prints without its form", async () => {
  const page = await open();
  await signUp(page, { name: "Анна Петрова", email: "print@example.com" });
  const address = await openCase(page);
  await owe(page, address, "Хранение возвратов на ПВЗ более 3 дней", "464 788,15");
  await page.goto(`${address}/debts`);
  await page.emulateMedia({ media: "print" });
  assert.ok(await page.getByTestId("balance").isVisible());
  assert.ok(await page.locator(".ledger").isVisible());
  assert.equal(await page.locator("form, .btn, input").filter({ visible: true }).count(), 0);
  assert.ok((await overflow(page)) <= 0);
});
