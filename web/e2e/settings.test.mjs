// What a firm settles for its cases: when the marketplace is reminded, its days off, whether it
// marks for the sellers it adds, its requisites, and its instructions.
import assert from "node:assert/strict";
import { test } from "node:test";
import { check, goodsGone, mark, markAll, post, sellerRows, signUp, start, submit } from "./harness.mjs";

const { open } = await start();

const text = async (locator) => (await locator.innerText()).replaceAll(/\s+/g, " ").trim();
const notice = (page) => text(page.getByRole("status").first());
const sellers = { true: "7707083893", false: "500100732259" };

for (const script of [true, false]) {
  const how = script ? "with script" : "without script";

  test(`a firm's settings, ${how}`, async () => {
    const admin = await open({ script });
    await signUp(admin, { name: "Мария Иванова", email: `settings-${script}@example.com` });
    await post(admin, "/firm", { name: "Учёт и порядок" });
    await admin.goto("/firm");
    await admin.getByRole("link", { name: "Настройки фирмы" }).click();
    await admin.getByRole("heading", { level: 1, name: "Настройки фирмы" }).waitFor();
    await check(admin);

    // What is typed wrong comes back with a sentence each.
    await admin.locator("#legal_name").fill("ООО «Учёт и порядок»");
    await admin.locator("#inn").fill("7707083894");
    await submit(admin, "Сохранить реквизиты");
    await admin.getByRole("alert").waitFor();
    assert.equal(await admin.locator("#legal_name").inputValue(), "ООО «Учёт и порядок»");
    assert.equal(await admin.locator("#inn").inputValue(), "7707083894");
    await check(admin);
    await admin.locator("#inn").fill("7707083893");
    await submit(admin, "Сохранить реквизиты");
    await admin.getByText("Реквизиты сохранены.").waitFor();

    // The reminders: two working days and five, and a Monday of its own that is off.
    await admin.locator("#days").fill("5, 2");
    await submit(admin, "Сохранить дни напоминаний");
    await admin.getByRole("alert").waitFor();
    assert.equal(await admin.locator("#days").inputValue(), "5, 2");
    await admin.locator("#days").fill("2, 5");
    await submit(admin, "Сохранить дни напоминаний");
    await admin.getByText("Дни напоминаний сохранены, сроки пересчитаны.").waitFor();
    await admin.locator("#off").fill("16.11.2026\n31.13.2026");
    await submit(admin, "Сохранить дни");
    assert.match(await text(admin.getByRole("alert")), /Не удалось прочитать «31\.13\.2026»/);
    await admin.locator("#off").fill("16.11.2026");
    await submit(admin, "Сохранить дни");
    await admin.getByText("Нерабочие дни сохранены, сроки пересчитаны.").waitFor();
    await admin.getByLabel("Фирма отмечает шаги за продавцов, которых добавляет сама").check();
    await admin.locator("form[action='/firm/settings/acting'] button").click();
    await admin.getByText("Новые продавцы начнут с этой настройкой.").waitFor();
    await check(admin);

    // A request says when the firm's reminders come: two working days after 12 November, a
    // Thursday, would be the 16th, which is off.
    const seller = await post(admin, "/sellers", { seller_name: "ИП Петрова А. С.", inn: sellers[script], fbs: "yes", wb_stock: "yes", leftover: "both" });
    const address = `/cases/${seller.split("/").pop()}`;
    await markAll(admin, address, ...goodsGone);
    await admin.goto(`${address}/steps/request_act`);
    await admin.locator("input[name=done][value=yes]").check();
    await admin.locator("#on").fill("2026-11-12");
    await submit(admin, "Сохранить");
    await admin.getByTestId("overall").waitFor();
    assert.match(await notice(admin), /Акт запрошен 12 ноября\. Напомните WB 17 и 20 ноября, если акт не придёт\.$/);
    assert.match(await text(admin.getByTestId("next")), /напомнить WB об акте, 17 ноября/);

    // A change counts at once, on the case's pages and in the register.
    await post(admin, "/firm/settings/reminders", { days: "1" });
    await admin.goto(address);
    assert.match(await text(admin.getByTestId("next")), /напомнить WB об акте, (сегодня|13 ноября)/);
    await admin.goto("/sellers");
    assert.match(await text(sellerRows(admin)), /напомнить WB, сегодня/);
    await admin.goto(`${address}/deadlines/terms`);
    assert.match(await text(admin.getByRole("main")), /Порядок бухгалтерской фирмы/);
    await admin.goto("/firm");
    assert.match(await text(admin.getByRole("main")), /Напоминания об акте: рабочие дни 1 \(было 2, 5\)/);

    // The only admin cannot leave, and reads so before he tries.
    await admin.getByRole("link", { name: "Выйти из фирмы" }).click();
    await admin.waitForURL((url) => url.pathname === "/firm/leave");
    assert.match(await text(admin.getByRole("main")), /Кроме вас, в фирме никого нет/);
    assert.equal(await admin.getByRole("main").getByRole("button").count(), 0);
    await check(admin);
    assert.equal((await admin.request.post("/firm/leave", { maxRedirects: 0 })).status(), 409);
  });

  test(`a firm's instructions come in editions, ${how}`, async () => {
    const admin = await open({ script });
    await signUp(admin, { name: "Мария Иванова", email: `texts-${script}@example.com` });
    await post(admin, "/firm", { name: "Учёт и порядок" });
    await post(admin, "/firm/settings/acting", { acting: "yes" });
    const answers = { seller_name: "ИП Петрова А. С.", inn: sellers[script], fbs: "yes", wb_stock: "yes", leftover: "both" };
    const addressOf = async (cabinet) => `/cases/${(await post(admin, "/sellers", { ...answers, cabinet })).split("/").pop()}`;
    const running = await addressOf("Первый");
    await mark(admin, running, "zero_fbs");
    const own = "Снимите остатки по нашему списку";
    const main = admin.getByRole("main");
    const reads = async (address) => {
      await admin.goto(`${address}/steps/zero_fbs`);
      return (await main.textContent()).includes(own);
    };

    // What is written wrong comes back; what is right is previewed with what changes.
    await admin.goto("/firm/settings");
    await admin.getByRole("link", { name: "Тексты шагов" }).click();
    await admin.getByRole("heading", { level: 1, name: "Тексты шагов" }).waitFor();
    await main.locator("a[href='/firm/texts/zero_fbs/ru']").click();
    await admin.locator("#prepare").fill(own);
    await admin.locator("#wait").fill("");
    await submit(admin, "Сохранить черновик");
    await admin.getByRole("alert").waitFor();
    assert.equal(await admin.locator("#prepare").inputValue(), own);
    await check(admin);
    await admin.locator("#wait").fill("Один рабочий день");
    await admin.locator("#checked_on").fill("2026-11-10");
    await submit(admin, "Сохранить черновик");
    await admin.getByText("Черновик сохранён.").waitFor();
    assert.ok((await main.textContent()).includes(own));
    await main.locator("ins", { hasText: "Снимите" }).waitFor();
    assert.equal(await reads(running), false, "a draft is nobody's instruction");

    await admin.goto("/firm/texts");
    assert.match(await text(main), /Изменён в черновике/);
    await check(admin);
    await submit(admin, "Опубликовать");
    await admin.getByText("Опубликовано. Новые продавцы начнут с этой версией.").waitFor();
    assert.match(await text(main), /У 1 продавца прежняя версия шагов/);

    // A new case has it; a running one keeps its own until somebody moves it.
    const fresh = await addressOf("Второй");
    assert.equal(await reads(fresh), true);
    await admin.goto(fresh);
    assert.equal(await admin.getByRole("link", { name: "Есть новая версия шагов" }).count(), 0);
    assert.equal(await reads(running), false);
    await admin.goto(running);
    await admin.getByRole("link", { name: "Есть новая версия шагов" }).click();
    await main.locator("ins", { hasText: "Снимите" }).waitFor();
    await check(admin);
    await submit(admin, "Обновить");
    await admin.getByText("Шаги обновлены, отметки остались.").waitFor();
    assert.equal(await admin.getByRole("link", { name: "Есть новая версия шагов" }).count(), 0);
    assert.match(await text(admin.getByTestId("overall")), /1/);
    assert.equal(await reads(running), true);
    await admin.goto(`${running}/history`);
    assert.match(await text(main), /Шаги обновлены до новой версии/);
    await admin.goto(`${running}/upgrade`);
    assert.match(await text(main), /У этого ухода самая новая версия шагов/);

    // The letters of the firm's sellers are signed by the firm where that is chosen.
    await post(admin, "/firm/settings/requisites", { legal_name: "ООО «Учёт и порядок»", inn: "7707083893", authority: "доверенность № 5" });
    await admin.goto(`${running}/letters/termination`);
    await admin.getByLabel("Представитель: ООО «Учёт и порядок»").check();
    await submit(admin, "Составить заново");
    await admin.waitForURL(/signer=firm/);
    assert.match(await admin.locator("#text").inputValue(), /представитель: ООО «Учёт и порядок», ИНН 7707083893\nОснование: доверенность № 5$/);
    await check(admin);
    await submit(admin, "Подготовить к печати");
    await admin.getByText("Письмо готово к печати").waitFor();
    assert.equal(await admin.getByLabel("Представитель: ООО «Учёт и порядок»").isChecked(), true);
  });
}
