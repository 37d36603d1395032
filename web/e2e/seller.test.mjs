// The main job of a seller: from signing up to «Уход завершён», with script and without.
import assert from "node:assert/strict";
import { test } from "node:test";
import { allSteps, anna, check, goodsGone, invite, markAll, openCase, signUp, start, submit } from "./harness.mjs";

const { open } = await start();

const text = async (locator) => (await locator.innerText()).replaceAll(/\s+/g, " ").trim();
const row = (page, code) => page.getByTestId(`step-${code}`);
const notice = (page) => text(page.locator("main > .notice"));

// states maps the codes of the steps to their data-state.
async function states(page) {
  const rows = await page.locator("[data-testid^='step-']").evaluateAll((all) => all.map((r) => [r.dataset.testid.slice(5), r.dataset.state]));
  return Object.fromEntries(rows);
}

const all = (state, codes = allSteps) => Object.fromEntries(codes.map((code) => [code, state]));

// send presses a button of the page and returns the status of the answer to its POST.
async function send(page, button = "Сохранить") {
  const answer = page.waitForResponse((r) => r.request().method() === "POST");
  await submit(page, button);
  return (await answer).status();
}

// marked opens a step from the checklist, says that it is done, and comes back.
async function marked(page, code, on, more = async () => {}) {
  await row(page, code).getByRole("link").click();
  await page.getByLabel("Да, выполнен").check();
  await page.locator("#on").fill(on);
  for (const reason of await page.locator("textarea[id^=reason_]").all()) await reason.fill("Кабинет закрыт для снимков");
  await more();
  assert.equal(await send(page), 303);
  await page.getByTestId("overall").waitFor();
}

// mistaken holds that the page shows one mistake, which leads to its field.
async function mistaken(page, sentence, field) {
  const summary = page.locator(".error-summary");
  await summary.getByRole("link", { name: sentence, exact: true }).waitFor();
  assert.match(await page.title(), /^Ошибка: /);
  assert.equal(await text(page.locator(`#${field}-error`)), `Ошибка: ${sentence}`);
  if (page.script) assert.equal(await summary.evaluate((e) => e === document.activeElement), true, "the summary has the focus");
  await summary.getByRole("link", { name: sentence }).click();
  assert.equal(await page.locator(`#${field}`).evaluate((e) => e.matches(":focus")), true, `the link leads to ${field}`);
}

for (const script of [true, false]) {
  const how = script ? "with script" : "without script";

  test(`a seller leaves, ${how}`, async () => {
    const page = await open({ script });
    await signUp(page, { name: "Анна Петрова", email: `anna-${script}@example.com` });
    assert.equal(new URL(page.url()).pathname, "/cases");
    assert.equal(await page.locator("main h2").innerText(), "Уходов пока нет");

    // The three questions; a mistake loses nothing.
    await page.getByRole("link", { name: "Начать уход" }).click();
    await page.locator("#seller_name").fill(anna.seller_name);
    await page.locator("#inn").fill("500100732250");
    await page.getByRole("group", { name: "Работаете по FBS?" }).getByLabel("Да", { exact: true }).check();
    assert.equal(await page.getByText("Что делаете с остатком").isVisible(), false, "the third question waits for its answer");
    await page.getByRole("group", { name: "Есть товар на складах WB?" }).getByLabel("Да", { exact: true }).check();
    await page.getByLabel("И то и другое").check();
    assert.equal(await send(page, "Начать уход"), 422);
    await mistaken(page, "Проверьте ИНН: контрольные цифры не сходятся", "inn");
    assert.equal(await page.locator("#seller_name").inputValue(), anna.seller_name);
    assert.equal(await page.getByLabel("И то и другое").isChecked(), true);
    await page.locator("#inn").fill(anna.inn);
    assert.equal(await send(page, "Начать уход"), 303);

    // The checklist.
    await page.getByTestId("overall").waitFor();
    const address = new URL(page.url()).pathname;
    assert.match(address, /^\/cases\/[0-9a-f-]{36}$/);
    assert.equal(await page.title(), "Шаги — ИП Петрова А. С. — Уход с WB — Winddown");
    assert.equal(await page.locator("h1").innerText(), "Уход с Wildberries: ИП Петрова А. С.");
    assert.equal(await text(page.getByTestId("overall")), "Уход не завершён. Выполнено 0 шагов из 9.");
    assert.match(await text(page.getByTestId("next")), /^Дальше: обнулите остатки FBS /);
    const start = { ...all("not_started"), ...all("blocked", ["request_act", "receive_act", "sign_act", "settle_debts"]) };
    assert.deepEqual(await states(page), start);
    await check(page);

    // A closed step: no link, the reason, and the same by its direct address.
    assert.equal(await row(page, "request_act").getByRole("link").count(), 0);
    assert.match(await text(row(page, "request_act")), /Пока недоступно Сначала: обнулить остатки FBS, распродать товар/);
    await page.goto(`${address}/steps/request_act`);
    const closed = page.locator("main .notice");
    assert.match(await text(closed), /Этот шаг пока недоступен\. Сначала: Обнулить остатки FBS; Распродать товар; Вернуть товар со складов WB; Забрать возвраты покупателей$/);
    assert.deepEqual(await closed.getByRole("link").evaluateAll((links) => links.map((a) => a.pathname)), goodsGone.map((code) => `${address}/steps/${code}`));
    assert.equal(await page.getByRole("button", { name: "Сохранить" }).count(), 0);
    await closed.getByRole("link", { name: "Обнулить остатки FBS" }).click();

    // The first step, with every mistake one can make.
    await page.locator("#note").fill("Проверено дважды");
    assert.equal(await send(page), 422);
    await mistaken(page, "Выберите, выполнен ли шаг", "done");
    assert.equal(await page.locator("#note").inputValue(), "Проверено дважды");
    assert.equal(new URL(page.url()).pathname, `${address}/steps/zero_fbs`);
    await page.getByLabel("Да, выполнен").check();
    await page.locator("#reason_stock_zero").fill("Кабинет закрыт для снимков");
    await page.locator("#on").fill("2026-11-14");
    assert.equal(await send(page), 422);
    await mistaken(page, "Дата не может быть позже сегодняшней", "on");
    assert.equal(await page.locator("#on").inputValue(), "2026-11-14");
    assert.equal(await page.locator("#note").inputValue(), "Проверено дважды");
    await page.locator("#on").fill("2026-11-02");
    assert.equal(await send(page), 303);
    await page.getByTestId("overall").waitFor();
    assert.match(await notice(page), /Шаг «Обнулить остатки FBS» отмечен\.$/);
    assert.equal(await text(page.getByTestId("overall")), "Уход не завершён. Выполнен 1 шаг из 9.");
    assert.match(await text(row(page, "zero_fbs")), /Выполнено 2 ноября, Анна Петрова Проверено дважды$/);

    // «Ещё нет»: under way.
    await row(page, "sell_out").getByRole("link").click();
    await page.getByLabel("Ещё нет, вернусь позже").check();
    assert.equal(await send(page), 303);
    await page.getByTestId("overall").waitFor();
    assert.match(await notice(page), /Шаг «Распродать товар» остаётся в работе\.$/);
    assert.match(await text(row(page, "sell_out")), /В работе с 13 ноября/);

    await marked(page, "sell_out", "2026-11-05");
    assert.equal(await text(page.getByTestId("overall")), "Уход не завершён. Выполнено 2 шага из 9.");
    await marked(page, "return_stock", "2026-11-10");
    await marked(page, "strip_media", "2026-11-11");
    await marked(page, "collect_returns", "2026-11-11");
    assert.match(await notice(page), /Шаг «Забрать возвраты покупателей» отмечен\. Открыт шаг «Запросить акт сверки»\.$/);
    assert.equal(await text(page.getByTestId("overall")), "Уход не завершён. Выполнено 5 шагов из 9.");

    // Taking a mark back, and making it again.
    await row(page, "strip_media").getByRole("link").click();
    await page.getByRole("link", { name: "Отменить отметку" }).click();
    assert.equal(await page.locator("h1").innerText(), "Отменить отметку «Фото и видео удалены 11 ноября»?");
    assert.equal(await send(page, "Отменить отметку"), 422);
    await mistaken(page, "Укажите причину", "reason");
    await page.locator("#reason").fill("Нашлась ещё одна карточка");
    assert.equal(await send(page, "Отменить отметку"), 303);
    await page.getByTestId("overall").waitFor();
    assert.match(await notice(page), /Отметка шага «Удалить фото и видео из карточек» отменена\.$/);
    assert.equal((await states(page)).strip_media, "not_started");
    await marked(page, "strip_media", "2026-11-12");

    // The act.
    await marked(page, "request_act", "2026-11-12", async () => {
      await page.getByLabel("Поддержка").check();
      await page.locator("#ticket").fill("48-1107");
      await page.locator("#period_from").fill("2024-01-01");
      await page.locator("#period_to").fill("2026-11-12");
      await page.locator("#counterparty").fill("ООО «РВБ»");
    });
    assert.match(await notice(page), /Акт запрошен 12 ноября\. Напомните WB 17 и 23 ноября, если акт не придёт\.$/);
    assert.match(await text(page.getByTestId("next")), /^Ждём ответ WB с 12 ноября, 1 день Следующее напоминание: 17 ноября/);
    assert.match(await text(row(page, "request_act")), /Выполнено 12 ноября, Анна Петрова Номер обращения: 48-1107$/);
    await check(page);

    // Undoing the request names what it closes.
    await row(page, "request_act").getByRole("link").click();
    assert.match(await text(page.locator("#mark")), /Куда обратились Поддержка Номер обращения 48-1107 Начало периода акта 1 января 2024 Конец периода акта 12 ноября 2026 Юрлицо WB ООО «РВБ»/);
    await page.getByRole("link", { name: "Отменить отметку" }).click();
    assert.equal(await page.locator("h1").innerText(), "Отменить отметку «Акт запрошен 12 ноября»?");
    assert.match(await text(page.getByTestId("effects")), /Шаг «Получить акт» снова станет недоступен\./);
    await page.getByRole("link", { name: "Оставить как есть" }).click();
    await page.getByRole("link", { name: "К списку шагов" }).click();

    // Goods came back: the mark is suspended and wants to be confirmed.
    await row(page, "return_stock").getByRole("link").click();
    await page.getByRole("link", { name: "Товар снова появился" }).click();
    await page.locator("#reason").fill("На складе нашли 3 штуки");
    assert.equal(await send(page, "Товар снова появился"), 303);
    await page.getByTestId("overall").waitFor();
    assert.match(await notice(page), /Записано, что товар снова появился\. Отметка шага «Вернуть товар со складов WB» приостановлена\.$/);
    const suspended = { ...all("done"), return_stock: "problem", request_act: "problem", receive_act: "blocked", sign_act: "blocked", settle_debts: "blocked" };
    assert.deepEqual(await states(page), suspended);
    assert.match(await text(row(page, "return_stock")), /Есть проблема отметка от 10 ноября приостановлена Товар снова появился 13 ноября: На складе нашли 3 штуки$/);
    assert.equal(await text(page.getByTestId("overall")), "Уход не завершён. Выполнено 4 шага из 9.");
    assert.match(await text(page.getByTestId("next")), /^Дальше: верните товар со складов WB/);
    await marked(page, "return_stock", "2026-11-13");
    assert.match(await text(page.getByTestId("next")), /^Дальше: подтвердите ещё раз шаг «Запросить акт сверки»/);
    await marked(page, "request_act", "2026-11-12");
    assert.deepEqual(await states(page), { ...all("done"), receive_act: "not_started", sign_act: "blocked", settle_debts: "blocked" });

    // To the end.
    await marked(page, "receive_act", "2026-11-12");
    assert.match(await notice(page), /Открыт шаг «Подписать акт»\.$/);
    await row(page, "sign_act").getByRole("link").click();
    await page.getByLabel("Да, сходится").check();
    assert.equal(await send(page, "Сохранить результат сверки"), 303);
    await page.getByRole("status").getByText("Теперь его можно подписать").waitFor();
    await page.getByRole("link", { name: "К списку шагов" }).click();
    await marked(page, "sign_act", "2026-11-13");
    assert.match(await text(page.getByTestId("finish")), /Остался 1 шаг$/);
    await page.getByTestId("finish").getByRole("link", { name: "Проверить и завершить" }).click();
    assert.match(await text(page.locator("main .notice")), /Завершить пока нельзя\. Сначала: Погасить задолженность$/);
    assert.equal(await page.getByRole("button", { name: "Завершить уход" }).count(), 0);
    await page.getByRole("link", { name: "К списку шагов" }).click();
    await marked(page, "settle_debts", "2026-11-13");
    assert.deepEqual(await states(page), all("done"));
    assert.equal(await text(page.getByTestId("overall")), "Уход не завершён. Выполнено 9 шагов из 9.");
    await page.getByTestId("next").getByRole("link", { name: "проверьте и завершите уход" }).click();
    assert.equal(await page.locator("h1").innerText(), "Проверьте и завершите уход");
    assert.match(await text(page.locator("main .notice")), /Уход не завершён, пока вы не нажмёте кнопку\.$/);
    await check(page);
    assert.equal(await send(page, "Завершить уход"), 303);
    await page.getByRole("heading", { level: 1, name: "Уход завершён" }).waitFor();
    assert.equal(await text(page.getByTestId("overall")), "Уход завершён 13 ноября 2026.");
    assert.match(await text(page.getByRole("main")), /Кабинет на Wildberries этот сервис не закрывает\./);
    await check(page);

    // A finished case is closed, and opens again with a reason.
    await page.getByRole("link", { name: "К списку шагов" }).click();
    assert.equal(await text(page.getByTestId("overall")), "Уход завершён 13 ноября 2026.");
    await row(page, "sell_out").getByRole("link").click();
    assert.equal(await page.getByRole("button", { name: "Сохранить" }).count(), 0);
    await page.getByRole("link", { name: "Открыть уход снова" }).click();
    assert.equal(await send(page, "Открыть уход снова"), 422);
    await mistaken(page, "Укажите причину", "reason");
    await page.locator("#reason").fill("Пришёл ещё один возврат");
    assert.equal(await send(page, "Открыть уход снова"), 303);
    await page.getByRole("status").getByText("Уход открыт снова.").waitFor();
    assert.equal(await text(page.getByTestId("overall")), "Уход не завершён. Выполнено 9 шагов из 9.");

    // All of it is in the history, newest first.
    await page.getByRole("link", { name: "Вся история" }).click();
    const titles = await page.locator(".timeline .title").allInnerTexts();
    assert.deepEqual(titles.slice(0, 5), ["Уход открыт снова", "Уход завершён", "Задолженность погашена", "Написано, почему нет файла «Подписанный акт»", "Акт подписан"]);
    assert.equal(titles.at(-1), "Уход начат");
    for (const title of ["Товар снова появился: «Вернуть товар со складов WB»", "Отметка «Фото и видео удалены 11 ноября» отменена"]) {
      assert.ok(titles.includes(title), `${title} in ${titles}`);
    }
    await page.locator(".timeline").getByText("Пришёл ещё один возврат").waitFor();
    await check(page);
  });

  test(`two people at one step, ${how}`, async () => {
    const [owner, helper] = [await open({ script }), await open({ script })];
    await signUp(owner, { name: "Ольга Ким", email: `olga-${script}@example.com` });
    const address = await openCase(owner, { ...anna, seller_name: "ИП Ким О. А." });
    await helper.goto(await invite(owner, address, "helper"));
    await helper.locator("#name").fill("Мария Иванова");
    await helper.locator("#email").fill(`maria-${script}@example.com`);
    await helper.locator("#password").fill("korrekt-pferd-2026-test");
    await helper.locator("#consent").check();
    await submit(helper, "Зарегистрироваться и принять");
    await helper.waitForURL((url) => url.pathname === address);

    await owner.goto(`${address}/steps/sell_out`);
    await owner.getByLabel("Да, выполнен").check();
    await owner.locator("#on").fill("2026-11-09");
    await owner.locator("#note").fill("Последний заказ принят 9 ноября");
    await markAll(helper, address, "sell_out");

    assert.equal(await send(owner), 409);
    const summary = owner.locator(".error-summary");
    await summary.getByText("Пока вы заполняли страницу, Мария Иванова за ИП Ким О. А. отметила этот шаг только что. Ваш текст не потерян — проверьте и сохраните ещё раз.").waitFor();
    assert.equal(await owner.locator("#note").inputValue(), "Последний заказ принят 9 ноября");
    assert.equal(await owner.locator("#on").inputValue(), "2026-11-09");
    assert.equal(new URL(owner.url()).pathname, `${address}/steps/sell_out`);
    await check(owner);
    assert.equal(await send(owner), 303);
    await owner.getByTestId("overall").waitFor();
    assert.match(await text(row(owner, "sell_out")), /Последний заказ принят 9 ноября$/);
  });
}
