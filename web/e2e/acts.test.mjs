// The reconciliation act from the letter to the signature of both sides, with script and
// without.
import assert from "node:assert/strict";
import { test } from "node:test";
import { anna, check, compareAct, disputeAct, goodsGone, invite, mark, markAll, openCase, post, signUp, start, submit } from "./harness.mjs";

const { open } = await start();

const text = async (locator) => (await locator.innerText()).replaceAll(/\s+/g, " ").trim();
const row = (page, code) => page.getByTestId(`step-${code}`);
const notice = (page) => text(page.locator("main > .notice"));

// send presses a button of the page and returns the status of the answer to its POST.
async function send(page, button) {
  const answer = page.waitForResponse((r) => r.request().method() === "POST");
  await submit(page, button);
  return (await answer).status();
}

// marked says on the page of a step that it is done, and comes back to the checklist.
async function marked(page, on, more = async () => {}) {
  await page.getByLabel("Да, выполнен").check();
  await page.locator("#on").fill(on);
  await more();
  assert.equal(await send(page, "Сохранить"), 303);
  await page.getByTestId("overall").waitFor();
}

// history is how many lines the history of a case has.
async function history(page, address) {
  const html = await (await page.request.get(`${address}/history`)).text();
  return html.match(/<time /g).length;
}

for (const script of [true, false]) {
  const how = script ? "with script" : "without script";

  test(`the act cannot be requested too early, ${how}`, async () => {
    const page = await open({ script });
    await signUp(page, { name: "Анна Петрова", email: `early-${script}@example.com` });
    const address = await openCase(page);
    await markAll(page, address, "zero_fbs", "sell_out", "collect_returns");
    await page.goto(address);
    assert.equal(await row(page, "request_act").getByRole("link").count(), 0);
    assert.match(await text(row(page, "request_act")), /Пока недоступно Сначала: вернуть товар со складов WB/);

    await page.goto(`${address}/steps/request_act`);
    const closed = page.locator("main .notice").filter({ hasText: "Этот шаг пока недоступен." });
    assert.deepEqual(await closed.getByRole("link").evaluateAll((links) => links.map((a) => a.pathname)), [`${address}/steps/return_stock`]);
    assert.equal(await page.getByRole("button", { name: "Сохранить" }).count(), 0);
    await check(page);

    const before = await history(page, address);
    for (const form of [{ version: "1", done: "yes", on: "2026-11-12" }, { version: "1", done: "no" }]) {
      const answer = await page.request.post(`${address}/steps/request_act`, { form, maxRedirects: 0 });
      assert.equal(answer.status(), 409);
      assert.match(await answer.text(), new RegExp(`${address}/steps/return_stock"`));
    }
    assert.equal(await history(page, address), before, "nothing was written");
    await page.goto(address);
    assert.equal(await row(page, "request_act").getAttribute("data-state"), "blocked");

    // The accountant lets it pass, with a reason.
    const book = await open({ script });
    await signUp(book, { name: "Ирина Орлова", email: `book-${script}@example.com` });
    await post(book, new URL(await invite(page, address, "accountant")).pathname);
    await book.goto(`${address}/steps/request_act`);
    await book.getByRole("link", { name: "Разрешить без выполнения" }).click();
    await book.locator("#reason").fill("Склад подтвердил письмом, что товара нет");
    assert.equal(await send(book), 303);
    await page.goto(address);
    assert.equal(await row(page, "request_act").getAttribute("data-state"), "not_started");
    await row(page, "request_act").getByRole("link").click();
    await marked(page, "2026-11-12");
    assert.equal(await row(page, "request_act").getAttribute("data-state"), "done");
  });

  test(`the whole life of an act, ${how}`, async () => {
    const page = await open({ script });
    await signUp(page, { name: "Анна Петрова", email: `life-${script}@example.com` });
    const address = await openCase(page);
    for (const code of [...goodsGone, "strip_media"]) await mark(page, address, code, { on: "2026-11-02" });

    // From the letter to the notice in a few presses.
    await page.goto(address);
    await page.getByTestId("next").getByRole("link", { name: "Открыть шаг" }).click();
    await page.getByRole("link", { name: "Текст обращения" }).click();
    const letter = await page.locator("#text").inputValue();
    for (const words of [anna.seller_name, anna.inn, "13 ноября 2026"]) assert.ok(letter.includes(words), `the letter has ${words}`);
    await page.locator("main").getByText("Сервис ничего не отправляет в Wildberries").first().waitFor();
    await page.locator(".back, .crumb").getByRole("link", { name: "Запросить акт сверки" }).click();
    await marked(page, "2026-11-03", async () => {
      await page.locator("#ticket").fill("48-1107");
      await page.locator("#counterparty").fill("ООО «РВБ»");
    });
    assert.match(await notice(page), /Акт запрошен 3 ноября\. Напомните WB 13 и 18 ноября, если акт не придёт\.$/);

    // Working days 7 and 10: the 4th is a holiday, the 7th, 8th, 14th and 15th are days off.
    await row(page, "receive_act").getByRole("link").click();
    const waiting = await text(page.locator("main > .notice").first());
    assert.match(waiting, /Ждём ответ WB с 3 ноября, 10 дней\. Пора напомнить WB об акте\. Когда напомнить WB об акте: 13 и 18 ноября\./);
    assert.match(waiting, /Сервис ничего не отправляет в Wildberries/);
    await page.getByRole("link", { name: "Текст напоминания" }).waitFor();
    await check(page);

    // A reminder that was sent is noted; the next one is not due yet.
    assert.equal(await send(page, "Отметить напоминание"), 303);
    await page.getByRole("status").getByText("Напоминание отмечено").waitFor();
    assert.match(await text(page.locator("main")), /Напомнили WB 13 ноября 2026/);
    assert.match(await text(page.locator("main > .notice").filter({ hasText: "Ждём ответ" })), /Когда напомнить WB об акте: 18 ноября\./);
    await check(page);

    // The receipt, with a sum that cannot be read first.
    await page.getByLabel("Да, выполнен").check();
    await page.locator("#on").fill("2026-11-10");
    await page.locator("#reason_act_file").fill("Файл у бухгалтера");
    await page.locator("#ours").fill("много");
    await page.getByRole("group", { name: "В чью пользу сальдо по вашим данным" }).getByLabel("В нашу пользу").check();
    assert.equal(await send(page, "Сохранить"), 422);
    await page.locator(".error-summary").getByRole("link", { name: /Укажите сумму в рублях/ }).click();
    assert.equal(await page.locator("#ours").evaluate((e) => e.matches(":focus")), true);
    assert.equal(await page.locator("#ours").inputValue(), "много");
    await check(page);
    await page.locator("#ours").fill("3 418,20");
    await page.locator("#theirs").fill("1200,5");
    await page.getByRole("group", { name: "В чью пользу сальдо по акту WB" }).getByLabel("В пользу WB").check();
    assert.equal(await send(page, "Сохранить"), 303);
    await page.getByTestId("overall").waitFor();
    assert.match(await text(page.getByTestId("next")), /^Дальше: сверьте акт со своими данными/);

    // It disagrees.
    await page.getByTestId("next").getByRole("link", { name: "Открыть шаг" }).click();
    assert.equal(await page.getByRole("button", { name: "Сохранить", exact: true }).count(), 0, "the signature waits for the comparison");
    await check(page);
    assert.equal(await send(page, "Сохранить результат сверки"), 422);
    await page.locator(".error-summary").getByRole("link", { name: "Выберите, сходится ли акт с вашими данными" }).waitFor();
    assert.equal(await page.locator("#objections").isVisible(), false);
    await page.getByLabel("Нет, расходится").check();
    assert.equal(await page.locator("#difference").inputValue(), "4618,70", "the difference is worked out");
    await page.locator("#objections").fill("Не учтён возврат 12 ноября\nЛишний штраф");
    await page.locator("#compared_on").fill("2026-11-11");
    assert.equal(await send(page, "Сохранить результат сверки"), 303);
    await page.getByRole("status").getByText("Записано, что акт расходится").waitFor();
    await check(page);
    await page.getByRole("link", { name: "Текст возражений" }).click();
    assert.match(await page.locator("#text").inputValue(), /Лишний штраф/);
    await page.goBack();
    await page.locator("#disputed_on").fill("2026-11-12");
    assert.equal(await send(page, "Возражения отправлены"), 303);
    await page.getByRole("status").getByText("Записано, что возражения отправлены").waitFor();
    await check(page);

    // It could be signed with them; here a new round follows, and the old one stays to be seen.
    await page.getByText("Подписать с разногласиями").click();
    await page.locator("#signer").waitFor();
    await check(page);
    await page.getByRole("link", { name: "Запросить акт заново" }).click();
    assert.equal(await page.locator("#ticket").inputValue(), "");
    await page.locator("#on").fill("2026-11-12");
    await page.locator("#ticket").fill("48-2000");
    await check(page);
    assert.equal(await send(page, "Сохранить"), 303);
    await page.getByTestId("overall").waitFor();
    assert.match(await notice(page), /Акт запрошен 12 ноября\. Напомните WB 17 и 23 ноября, если акт не придёт\.$/);
    await page.goto(`${address}/steps/request_act`);
    await page.getByText("Запрос 1, 3 ноября 2026: по акту отправлены возражения").click();
    await page.getByText("Лишний штраф").waitFor();
    await page.getByText("48-1107").first().waitFor();
    await check(page);

    // This time it agrees, is signed, and the other signature comes.
    await page.goto(`${address}/steps/receive_act`);
    await marked(page, "2026-11-12", () => page.locator("#reason_act_file").fill("Файл у бухгалтера"));
    await page.goto(`${address}/steps/sign_act`);
    await page.getByLabel("Да, сходится").check();
    assert.equal(await send(page, "Сохранить результат сверки"), 303);
    await page.getByRole("status").getByText("Теперь его можно подписать").waitFor();
    await check(page);
    await marked(page, "2026-11-13", async () => {
      await page.locator("#signer").fill("Петрова А. С.");
      await page.locator("#authority").fill("Устав");
      await page.getByLabel("В ЭДО").check();
      await page.locator("#reason_signed_act").fill("Подписан на портале");
    });
    assert.match(await text(page.getByRole("complementary")), /Состояние Подписан 13 ноября .*Подпись WB ждём/);
    await page.getByRole("link", { name: "Все об актах сверки" }).click();
    await page.getByRole("button", { name: "Отметить подпись WB" }).waitFor();
    await check(page);
    await page.getByRole("button", { name: "Отметить подпись WB" }).click();
    await page.getByTestId("act-phase-1").getByText("Подписан WB 13 ноября").waitFor();
    assert.match(await text(page.locator("main")), /Кто подписал Петрова А\. С\. На каком основании Устав Как подписан В ЭДО Подписан WB 13 ноября 2026/);
    await check(page);

    // One step back.
    await page.getByRole("link", { name: "Вернуть на шаг назад" }).click();
    await page.locator("#reason").fill("Подпись не та");
    await check(page);
    assert.equal(await send(page, "Отменить запись"), 303);
    await page.getByTestId("act-phase-1").getByText("Подписан 13 ноября").waitFor();
  });

  test(`an act is signed with objections, ${how}`, async () => {
    const page = await open({ script });
    await signUp(page, { name: "Анна Петрова", email: `objecting-${script}@example.com` });
    const address = await openCase(page);
    await markAll(page, address, ...goodsGone, "request_act", "receive_act");
    await compareAct(page, address, { agrees: "no", difference: "12,50", objections: "Лишний штраф" });
    await disputeAct(page, address);
    await page.goto(`${address}/steps/sign_act`);
    await page.getByText("Подписать с разногласиями").click();
    await page.locator("#reason_signed_act").fill("Протокол разногласий на портале");
    assert.equal(await send(page, "Сохранить"), 303);
    await page.getByTestId("overall").waitFor();
    assert.equal(await row(page, "sign_act").getAttribute("data-state"), "done");
    await page.goto(`${address}/acts`);
    await page.getByTestId("act-phase-1").getByText("Подписан с разногласиями 13 ноября").waitFor();
    await check(page);
  });

  test(`two acts, ${how}`, async () => {
    const page = await open({ script });
    await signUp(page, { name: "Анна Петрова", email: `two-${script}@example.com` });
    const address = await openCase(page);
    await markAll(page, address, ...goodsGone, "strip_media");
    await mark(page, address, "request_act", { on: "2026-11-05", counterparty: "ООО «РВБ»" });
    await page.goto(`${address}/acts`);
    await page.getByText("Добавить акт").first().click();
    await page.getByLabel("ООО «Вайлдберриз»").check();
    assert.equal(await send(page, "Добавить акт"), 303);
    await page.getByRole("heading", { name: "Акт 2: ООО «Вайлдберриз»" }).waitFor();
    await check(page);
    await page.goto(address);
    assert.match(await text(row(page, "request_act")), /1 из 2 актов запрошен/);
    assert.match(await text(page.getByTestId("next")), /запросите акт сверки/);
    await row(page, "request_act").getByRole("link").click();
    const lines = page.getByTestId("act-lines");
    assert.match(await text(lines), /Акт 1: ООО «РВБ» Запрошен 5 ноября Акт 2: ООО «Вайлдберриз» Не запрошен/);
    assert.equal(await lines.locator("[aria-current]").innerText(), "Акт 2: ООО «Вайлдберриз»");
    await check(page);
    await marked(page, "2026-11-12");
    await page.goto(`${address}/steps/receive_act`);
    await page.getByTestId("act-lines").getByRole("link", { name: "Акт 2" }).click();
    await marked(page, "2026-11-13", () => page.locator("#reason_act_file").fill("Файл у бухгалтера"));
    assert.match(await notice(page), /1 из 2 актов получен\.$/);
    assert.match(await text(row(page, "receive_act")), /1 из 2 актов получен\. Ждём ответ WB с 5 ноября, 8 дней/);

    // The other one can be looked for, compared and signed meanwhile.
    await row(page, "sign_act").getByRole("link").click();
    assert.equal(await page.getByTestId("act-lines").locator("[aria-current]").innerText(), "Акт 2: ООО «Вайлдберриз»");
    await page.getByLabel("Да, сходится").check();
    assert.equal(await send(page, "Сохранить результат сверки"), 303);
    await page.getByRole("button", { name: "Сохранить", exact: true }).waitFor();
    await check(page);

    const book = await open({ script });
    await signUp(book, { name: "Ирина Орлова", email: `two-book-${script}@example.com` });
    await post(book, new URL(await invite(page, address, "accountant")).pathname);
    await book.goto(address.replace("/cases/", "/sellers/"));
    assert.match(await text(book.locator("main")), /Акт 1: ООО «РВБ» Запрошен 5 ноября.*Ждём WB с 5 ноября, 8 дней.*Акт 2: ООО «Вайлдберриз» Сверен 13 ноября, сходится/);
    await book.getByRole("link", { name: "Напомнить WB" }).click();
    assert.match(await book.locator("#text").inputValue(), /5 ноября 2026/);
    await book.goto(`${address}/acts`);
    assert.equal(await book.locator("main form").count(), 0, "the accountant reads");
    await check(book);
  });
}
